"""ClickHouse over HTTP with the standard library: one request a statement, streams in constant memory.

There is no transaction. A failed copy_in may leave the blocks (about a million rows each) that the server had already
written, so plans load into a staging table of their own run. SET does not outlive its request.
"""

import contextlib
import http.client
import json
import re
import select
import socket
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Self
from urllib.parse import urlencode

from dpone_compiler.runtime.connections.clickhouse_errors import EXCEPTION_TAIL, normalise, unreachable
from dpone_compiler.runtime.connections.clickhouse_room import room_for
from dpone_compiler.runtime.connections.clickhouse_text import (
    bind_identifiers,
    bind_legacy,
    first_word,
    input_format,
    query_parameters,
    quoted,
    read_table,
    split_statements,
)
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.session import CHUNK_BYTES, Chunk, EngineError, Result, RowStream

_CONNECT_SECONDS = 15.0
_IDLE_SECONDS = 2.0  # servers drop an idle connection after 3 s or more (keep_alive_timeout)
_URL_ROOM = 6000  # 18.16 refuses a URI of 16 KiB; a longer INSERT goes in front of its data
_TAIL = 16 * 1024
_PARAMETERS_SINCE = 20
_VERSION = re.compile(r"(\d+)\.")
_LINES = ("TabSeparated", "TSV", "CSV", "JSONEachRow", "JSONCompactEachRow", "JSONStringsEachRow")
# A line that no table takes: thousands of empty columns. See `_abort`.
_POISON = {"TabSeparated": b"\t" * 4096 + b"\n", "TSV": b"\t" * 4096 + b"\n", "CSV": b"," * 4096 + b"\n"}


class ClickHouseHttpSession:
    """Keeps one connection alive; the next statement opens another where the server has closed it."""

    engine = "clickhouse"

    def __init__(self, url: ConnectionUrl, limits: Mapping[str, str]) -> None:
        self._url = url
        self._settings = {**url.query, **limits}
        self._headers = _credentials(url)
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0
        self._query_id = ""
        self.version = ""
        self._legacy = False
        rows = self.run("SELECT version()", {}).rows
        self.version = rows[0][0] or "" if rows else ""
        said = _VERSION.match(self.version)
        if said is None:
            raise EngineError("", "what answers there is no ClickHouse server", help="look at the host and the port")
        self._legacy = int(said[1]) < _PARAMETERS_SINCE

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        result = Result()
        for statement in split_statements(body):
            result = self._statement(statement, params, result)
        return result

    def begin(self, *, snapshot: bool = False) -> None:
        """ClickHouse has no transaction."""

    def commit(self) -> None:
        """ClickHouse has no transaction."""

    def rollback(self) -> None:
        """ClickHouse has no transaction."""

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        bound, fields = self._bind(body, params)
        response = self._send(fields, bound.encode("utf-8"))
        tag = response.headers.get("X-ClickHouse-Exception-Tag")
        return _Body(self, response, tag, counts=(input_format(body) or "").startswith(_LINES))

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        bound, fields = self._bind(body.strip().rstrip(";"), params)
        prefix = b""
        if len(bound) * 3 < _URL_ROOM:
            fields["query"] = bound
        else:
            prefix = bound.encode("utf-8") + b"\n"
        with self._network():
            connection = self._start(fields, {"Transfer-Encoding": "chunked"})
        try:
            sent = _upload(connection, prefix, chunks)
        except BaseException:  # the producer's failure: _upload itself raises none
            self._abort(connection, input_format(body))
            raise
        with self._network():
            response = self._answer(connection)
            text = response.read()
        if EXCEPTION_TAIL.search(text):  # an error after the header of a success
            self._drop()
            raise normalise(text.decode("utf-8", "replace"))
        written = _written(response)
        return sent if written is None else written

    def cancel(self) -> None:
        """May be called from another thread: asks the server, over a connection of its own, to kill the query."""
        with contextlib.suppress(EngineError, ConnectionProblem, OSError, http.client.HTTPException):
            self._kill(self._query_id)

    def close(self) -> None:
        self._drop()

    def _statement(self, statement: str, params: Mapping[str, str], before: Result) -> Result:
        bound, fields = self._bind(statement, params)
        fields |= {"default_format": "TabSeparatedWithNamesAndTypes", "wait_end_of_query": "1"}
        response = self._send(fields, bound.encode("utf-8"))
        with self._network():
            data = response.read()
        if EXCEPTION_TAIL.search(data):
            raise normalise(data.decode("utf-8", "replace"))
        columns, rows = read_table(data)
        affected = _written(response) if first_word(statement) == "INSERT" else None
        affected = before.affected if affected is None else affected
        return Result(columns, rows, affected) if columns else Result(before.columns, before.rows, affected)

    def _bind(self, body: str, params: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        if self._legacy:
            bound = bind_legacy(body, params)
            return bound, room_for(bound)
        body = bind_identifiers(body, params)
        values = {"param_" + name: value for name, value in query_parameters(body, params).items()}
        return body, {**room_for(body), **values}

    def _send(self, fields: Mapping[str, str], body: bytes) -> http.client.HTTPResponse:
        with self._network():
            connection = self._start(fields, {"Content-Length": str(len(body))})
            connection.send(body)
            return self._answer(connection)

    def _start(self, fields: Mapping[str, str], headers: Mapping[str, str]) -> http.client.HTTPConnection:
        connection = self._connected()
        self._query_id = str(uuid.uuid4())
        query = {**self._settings, **fields, "query_id": self._query_id}
        database = self._url.path.strip("/")
        if database:
            query["database"] = database
        connection.putrequest("POST", "/?" + urlencode(query))
        every: dict[str, str | bytes] = {**self._headers, **headers}
        for name, value in every.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def _answer(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = connection.getresponse()
        if response.status == http.client.OK:
            return response
        text = response.read().decode("utf-8", "replace")
        code = response.headers.get("X-ClickHouse-Exception-Code")
        self._drop()  # part of a refused upload may still be on its way
        raise normalise(text or response.reason, code)

    def _connected(self) -> http.client.HTTPConnection:
        connection = self._connection
        if connection is None or time.monotonic() - self._used > _IDLE_SECONDS or _is_stale(connection):
            self._drop()
            connection = self._dial()
            self._connection = connection
        self._used = time.monotonic()
        return connection

    def _dial(self) -> http.client.HTTPConnection:
        secure = self._url.scheme == "clickhouse+https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        host = self._url.host or "localhost"
        connection = kind(host, self._url.port or (8443 if secure else 8123), timeout=_CONNECT_SECONDS)
        connection.connect()
        # A statement may be silent for hours, so reads have no limit of ours: keepalive notices a dead peer.
        connection.sock.settimeout(None)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection

    def _abort(self, connection: http.client.HTTPConnection, data_format: str | None) -> None:
        """Make the server refuse an upload that broke off.

        18.16 takes a connection that closes in mid-body for the end of the data and commits it (tried), so the last thing
        it gets is a line that it cannot parse; binary formats have no such line, and there the query is killed.
        """
        with contextlib.suppress(OSError, http.client.HTTPException, EngineError):
            poison = _POISON.get(data_format or "")
            if poison is None:
                self._kill(self._query_id)
            else:
                connection.send(_framed(poison) + b"0\r\n\r\n")
                connection.getresponse().read()
        self._drop()

    def _kill(self, query_id: str) -> None:
        if not query_id:
            return
        statement = "KILL QUERY WHERE query_id = " + quoted(query_id) + " SYNC"
        connection = self._dial()
        try:
            connection.request("POST", "/", statement.encode(), dict(self._headers))
            connection.getresponse().read()
        finally:
            connection.close()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read(CHUNK_BYTES)
        except OSError as error:
            self._drop()
            raise unreachable(error) from None

    @contextlib.contextmanager
    def _network(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise unreachable(error) from None
        except BaseException:
            self._drop()
            raise


class _Body:
    """The rows of an answer; the last bytes are held back until they are known not to be an exception."""

    def __init__(
        self, session: ClickHouseHttpSession, response: http.client.HTTPResponse, tag: str | None, *, counts: bool
    ) -> None:
        self._session = session
        self._response = response
        self._marker = b"__exception__\r\n" + tag.encode() if tag else None
        self._counts = counts
        self._held = b""
        self._rows = 0
        self._ended = False
        self.total: int | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        while not self._ended:
            data = self._read()
            if not data:
                return self._end()
            data = self._held + data
            if len(data) > _TAIL:
                self._held = data[-_TAIL:]
                return self._chunk(data[:-_TAIL])
            self._held = data
        raise StopIteration

    def close(self) -> None:
        if not self._ended:
            self._ended = True
            self._session.cancel()
            self._session._drop()

    def _read(self) -> bytes:
        try:
            return self._session._read(self._response)
        except EngineError:
            self._ended = True
            raise
        except http.client.IncompleteRead as broken:  # newer servers cut the answer on purpose; its tail says why
            self._ended = True
            self._session._drop()
            self._raise(self._held + broken.partial)
            raise unreachable(broken) from None

    def _end(self) -> Chunk:
        self._ended = True
        self._raise(self._held)
        if not self._held:
            self.total = self._rows if self._counts else None
            raise StopIteration
        chunk = self._chunk(self._held)
        self.total = self._rows if self._counts else None
        return chunk

    def _raise(self, tail: bytes) -> None:
        start = tail.find(self._marker) if self._marker else -1
        found = EXCEPTION_TAIL.search(tail)
        if start >= 0 or found:
            self._session._drop()
            text = tail[start:] if start >= 0 else found.group(1) if found else b""
            raise normalise(text.decode("utf-8", "replace"))

    def _chunk(self, data: bytes) -> Chunk:
        rows = data.count(b"\n") if self._counts else 0
        self._rows += rows
        return Chunk(data, rows)


def _upload(connection: http.client.HTTPConnection, prefix: bytes, chunks: Iterable[Chunk]) -> int:
    """Send every chunk, or stop early: where the server refuses, its answer, read by the caller, says why."""
    if prefix and not _sent(connection, _framed(prefix)):
        return 0
    rows = 0
    for chunk in chunks:
        if not chunk.data:  # an empty chunk would end the body
            continue
        if not _sent(connection, _framed(chunk.data)) or _is_stale(connection):
            return rows
        rows += chunk.rows
    _sent(connection, b"0\r\n\r\n")
    return rows


def _sent(connection: http.client.HTTPConnection, data: bytes) -> bool:
    try:
        connection.send(data)
    except OSError:
        return False
    return True


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    return bool(select.select([connection.sock], [], [], 0)[0]) if connection.sock else True


def _written(response: http.client.HTTPResponse) -> int | None:
    """Rows that the server says it wrote; old servers say nothing."""
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        summary = json.loads(response.headers.get("X-ClickHouse-Summary") or "null")
        return int(summary["written_rows"])
    return None


def _credentials(url: ConnectionUrl) -> dict[str, bytes]:
    """Headers, never the URL: URLs are logged. A character that a header cannot hold is refused without quoting it."""
    headers = {"X-ClickHouse-User": url.user.encode() or b"default"}
    if url.password:
        headers["X-ClickHouse-Key"] = url.password.encode()
    if any(byte in value for value in headers.values() for byte in b"\r\n\0"):
        raise ConnectionProblem("DP603", f"connection '{url.connection_id}' has a line break in its user or password")
    return headers
