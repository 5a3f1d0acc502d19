"""ClickHouse over HTTP (standard library) and in process (chDB), as tab-separated text."""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from urllib.parse import SplitResult, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from dpone_compiler.demo.compare.values import Kind, Parse, moment_in

FORMAT = "TabSeparated"
HEAD_FORMAT = "TabSeparatedWithNamesAndTypes"
_BLOCK = 1 << 20
Opened = tuple[bytes, Iterator[bytes], Callable[[str], Parse | None]]


class Refused(Exception):
    """The server refused the query."""


_WRAPPED = re.compile(r"^(?:Nullable|LowCardinality)\((.*)\)$")
_KINDS = (
    (re.compile(r"U?Int\d+$|Decimal"), Kind.NUMBER),
    (re.compile(r"Float32$"), Kind.FLOAT4),
    (re.compile(r"Float64$"), Kind.FLOAT8),
    (re.compile(r"Bool$"), Kind.BOOL),
    (re.compile(r"DateTime"), Kind.MOMENT),
    (re.compile(r"Date(32)?$"), Kind.DATE),
    (re.compile(r"UUID$"), Kind.UUID),
    (re.compile(r"JSON"), Kind.JSON),
)
_ZONE = re.compile(r"'([^']+)'")


def bare(kind: str) -> str:
    """The type below Nullable and LowCardinality."""
    while wrapped := _WRAPPED.match(kind):
        kind = wrapped[1]
    return kind


def kind_of(kind: str) -> Kind:
    """What the values of a ClickHouse type are; what is not known is compared as the text that the server prints."""
    inner = bare(kind)
    return next((found for pattern, found in _KINDS if pattern.match(inner)), Kind.TEXT)


def in_zone(server: tzinfo) -> Callable[[str], Parse | None]:
    """How moments are read from a server that cannot print them in UTC: in the zone of the type, else of the server."""

    def own(kind: str) -> Parse | None:
        if kind_of(kind) is not Kind.MOMENT:
            return None
        named = _ZONE.search(kind)
        return moment_in(zone(named[1]) if named else server)

    return own


def in_utc(_kind: str) -> Parse | None:
    """The server prints moments in UTC itself."""
    return None


def zone(name: str) -> tzinfo:
    """A time zone by its name; UTC needs no database of zones, which a bare machine may lack."""
    return UTC if name in ("UTC", "Etc/UTC") else ZoneInfo(name)


def _head_of(query: str) -> str:
    """Asked apart, because in a stream chDB repeats the head in every chunk, and gives none when there are no rows."""
    return "SELECT * FROM (\n" + query + "\n) LIMIT 0"


@contextmanager
def open_chdb(url: str, query: str) -> Iterator[Opened]:
    """The engine in this process; one directory a process, and one process a directory."""
    import chdb  # noqa: PLC0415

    try:
        connection = chdb.connect(unquote(urlsplit(url).path))
        try:
            connection.query("SET date_time_output_format = 'iso'")
            head = bytes(connection.query(_head_of(query), HEAD_FORMAT).bytes())
            with connection.send_query(query, FORMAT) as stream:
                yield head, (bytes(chunk.bytes()) for chunk in stream), in_utc
        finally:
            connection.close()
    except RuntimeError as error:
        raise Refused(error) from error


@contextmanager
def open_http(url: str, query: str) -> Iterator[Opened]:
    """A server's HTTP port. 18.16 knows no date_time_output_format, so the server is asked first what it knows."""
    parts = urlsplit(url)
    maker = http.client.HTTPSConnection if parts.scheme.endswith("https") else http.client.HTTPConnection
    connection = maker(parts.hostname or "localhost", parts.port or 8123, timeout=600)
    try:
        known = _post(
            connection,
            parts,
            "SELECT timezone(), count() FROM system.settings WHERE name = 'date_time_output_format'",
            {"default_format": FORMAT},
        ).read()
        server_zone, has_iso = known.decode().split()
        iso = {"date_time_output_format": "iso"} if has_iso == "1" else {}
        # A chDB behind HTTP streams what begins with SELECT, and then sends no head; FROM first is the same query.
        asked = "FROM (\n" + query + "\n) SELECT * LIMIT 0" if iso else _head_of(query)
        head = _post(connection, parts, asked, {"default_format": HEAD_FORMAT}).read()
        # wait_end_of_query: an error in the middle becomes a status, not text among the rows.
        settings = {"default_format": FORMAT, "wait_end_of_query": "1", **iso}
        answer = _post(connection, parts, query, settings)
        blocks = iter(lambda: answer.read(_BLOCK), b"")
        yield head, blocks, in_utc if iso else in_zone(zone(server_zone))
    except http.client.HTTPException as error:
        raise Refused(error) from error
    finally:
        connection.close()


def _post(
    connection: http.client.HTTPConnection, parts: SplitResult, query: str, settings: dict[str, str]
) -> http.client.HTTPResponse:
    database = parts.path.strip("/")
    given = {**settings, **({"database": unquote(database)} if database else {})}
    login = f"{unquote(parts.username or 'default')}:{unquote(parts.password or '')}"
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    connection.request("POST", "/?" + urlencode(given), body=query.encode(), headers=headers)
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise Refused(answer.read(2000).decode(errors="replace").strip())
    return answer
