"""Opens a query on an engine and streams its rows as the exact texts that the engine gives: one reader a URL scheme.

Drivers are imported when a connection of theirs is opened, so that a comparison needs only the two that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from dpone_compiler.demo.compare import clickhouse, native
from dpone_compiler.demo.compare.values import Kind, Parse, fields, parser


class Unreadable(Exception):
    """A query that cannot be read: no server, no table, no permission, an address that nothing answers."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its name, what its values are, and how their text is read where the engine has its own."""

    name: str
    kind: Kind
    own: Parse | None = None

    def parse(self, kind: Kind) -> Parse:
        """How the texts of this column are read as values of `kind`."""
        return self.own if self.own is not None and kind is self.kind else parser(kind)


@dataclass(frozen=True, slots=True)
class Result:
    """The columns of a query and its rows, which are read once, as they come."""

    columns: tuple[Column, ...]
    rows: Iterator[list[bytes | None]]


# pg_type.oid of the built-in types; they are fixed (src/include/catalog/pg_type.dat). What is not here is text.
_OIDS = {
    16: Kind.BOOL,
    17: Kind.HEX,
    **dict.fromkeys((20, 21, 23, 26, 1700), Kind.NUMBER),
    700: Kind.FLOAT4,
    701: Kind.FLOAT8,
    1082: Kind.DATE,
    **dict.fromkeys((1114, 1184), Kind.MOMENT),
    2950: Kind.UUID,
    **dict.fromkeys((114, 3802), Kind.JSON),
}
# extra_float_digits above 0: the shortest text that gives the same bits (runtime-config-client.html).
_POSTGRES_SETTINGS = (
    "-c TimeZone=UTC -c DateStyle=ISO,YMD -c extra_float_digits=3 -c bytea_output=hex"
    " -c IntervalStyle=iso_8601 -c default_transaction_read_only=on"
)


@contextmanager
def _postgres(url: str, query: str) -> Iterator[Result]:
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    body = sql.SQL(query)  # the user's own query, by design
    try:
        with psycopg.connect(url, options=_POSTGRES_SETTINGS, client_encoding="utf8", connect_timeout=10) as connection:
            cursor = connection.cursor()
            described = cursor.execute(sql.SQL("SELECT * FROM ({}) AS q LIMIT 0").format(body)).description or []
            columns = tuple(Column(each.name, _OIDS.get(each.type_code, Kind.TEXT)) for each in described)
            with cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(body)) as copy:
                yield Result(columns, map(fields, lines(map(bytes, copy))))
    except psycopg.Error as error:
        raise Unreadable(f"postgres: {error}") from error


def _clickhouse_columns(head: bytes, own: Callable[[str], Parse | None]) -> tuple[Column, ...]:
    texts = [[(text or b"").decode() for text in fields(line)] for line in lines([head])]
    if len(texts) != 2:
        raise Unreadable("clickhouse: the server gave no names and types of the columns")
    return tuple(Column(name, clickhouse.kind_of(kind), own(kind)) for name, kind in zip(*texts, strict=True))


@contextmanager
def _clickhouse(url: str, query: str) -> Iterator[Result]:
    scheme = urlsplit(url).scheme
    try:
        if scheme == "clickhouse":
            with native.open_native(url, query) as (described, texts):
                columns = tuple(Column(name, clickhouse.kind_of(kind)) for name, kind in described)
                yield Result(columns, texts)
        else:
            opened = clickhouse.open_chdb if scheme == "chdb" else clickhouse.open_http
            with opened(url, query) as (head, stream, own):
                yield Result(_clickhouse_columns(head, own), map(fields, lines(stream)))
    except (clickhouse.Refused, OSError) as error:
        raise Unreadable(f"clickhouse: {error}") from error


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream whose blocks end anywhere; a newline inside a value is escaped by the engine."""
    rest = b""
    for block in blocks:
        if not rest and block.find(b"\n") + 1 == len(block) > 0:  # Postgres sends a message for each row
            yield block[:-1]
            continue
        *whole, rest = (rest + block).split(b"\n") if rest else block.split(b"\n")
        yield from whole
    if rest:
        raise Unreadable("the stream ends in the middle of a row")


_SCHEMES: dict[str, Callable[[str, str], AbstractContextManager[Result]]] = {
    "postgresql": _postgres,
    "postgres": _postgres,
    "clickhouse": _clickhouse,
    "clickhouse+http": _clickhouse,
    "clickhouse+https": _clickhouse,
    "chdb": _clickhouse,
}


def open_query(url: str, query: str) -> AbstractContextManager[Result]:
    """Run `query` on the engine behind `url`."""
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        raise Unreadable(f"no reader for {scheme or 'an address without a scheme'}; there is {', '.join(_SCHEMES)}")
    return _SCHEMES[scheme](url, query.strip().rstrip(";"))
