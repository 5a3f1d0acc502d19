"""Run one request in chDB: a connection of its own, so that settings end with it and readers run beside an insert.

Probed with chdb-core 26.9: connections of one process run at the same time; one connection refuses a query while it
inserts. Parameters given by ``SET param_x`` read their text as the HTTP interface does (TSV escapes).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from chdb.state.sqlitelike import Connection

from dpone_compiler.embedded.http_request import Request

# Comments and spaces before the first word.
_LEAD = r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*"
_INSERT = re.compile(_LEAD + r"INSERT\s+INTO\b", re.IGNORECASE | re.DOTALL)
_FORMAT_AT_END = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*\Z", re.IGNORECASE)
_VALUES_AT_END = re.compile(r"\bVALUES\s*;?\s*\Z", re.IGNORECASE)
_FORMAT_THEN_DATA = re.compile(rb"\bFORMAT\s+(\w+)[ \t]*\r?(?:\n|\Z)", re.IGNORECASE)
_SQL_WINDOW = 64 << 10


@dataclass(slots=True)
class Reply:
    """The answer: pieces of the result, and what the summary header says."""

    pieces: Generator[bytes, None, None]
    format: str
    summary: dict[str, str] = field(default_factory=dict)


class Engine:
    """One chDB folder, open in this process."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._root = Connection(data_dir)  # keeps the engine open between requests
        self._named: dict[str, tuple[Any, threading.Lock]] = {}
        self._naming = threading.Lock()

    @contextmanager
    def run(self, request: Request) -> Iterator[Reply]:
        """Run a request; its connection is open until the reply was sent."""
        with self._connection(request.session) as connection:
            for statement in _preamble(request):
                connection.query(statement)
            reply = _insert(connection, request) or _query(connection, request)
            # A client that went away leaves its result half read. A connection that is closed under an open result ends
            # the whole engine: "The server is shutting down due to a fatal error" to every later query.
            with closing(reply.pieces):
                yield reply

    @contextmanager
    def _connection(self, session: str) -> Iterator[Any]:
        if session:
            with self._naming:
                if session not in self._named:
                    self._named[session] = Connection(self._data_dir), threading.Lock()
                connection, lock = self._named[session]
            with lock:
                yield connection
            return
        connection = Connection(self._data_dir)
        try:
            yield connection
        finally:
            connection.close()


def _preamble(request: Request) -> Iterator[str]:
    if request.database:
        yield "USE `" + request.database.replace("\\", "\\\\").replace("`", "\\`") + "`"
    # One statement for all of them: each costs a third of a millisecond, and a run sends hundreds.
    given = {**{"param_" + name: value for name, value in request.params.items()}, **request.settings}
    if given:
        yield "SET " + ", ".join(f"{name} = {_quoted(value)}" for name, value in given.items())
    # In a named session it would stay for the next request.
    if request.readonly and not request.session:
        yield "SET readonly = 2"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _insert(connection: Any, request: Request) -> Reply | None:
    """Stream the data of an INSERT; None when the request is something else or holds its data in the query."""
    sql, format_name = _insert_with_data(request)
    if not sql:
        return None
    with connection.send_insert(sql, format_name) as stream:
        for piece in request.body.pieces():
            stream.append(piece)
        written = stream.finish()
    return Reply(_pieces(), "", _summary(written_rows=written.rows_written, written_bytes=written.bytes_written))


def _insert_with_data(request: Request) -> tuple[str, str]:
    """The statement without its FORMAT, and the format; the body is left at the first byte of the data."""
    if not request.query:
        window = request.body.peek(_SQL_WINDOW)
        found = _FORMAT_THEN_DATA.search(window) if _INSERT.match(window.decode("utf-8", "replace")) else None
        if found is None:
            return "", ""
        request.body.seen = window[found.end() :]
        return window[: found.start()].decode("utf-8"), found[1].decode("ascii")
    if not _INSERT.match(request.query):
        return "", ""
    if found_format := _FORMAT_AT_END.search(request.query):
        return request.query[: found_format.start()], found_format[1]
    return (_VALUES_AT_END.sub("", request.query), "Values") if request.body.peek(1) else ("", "")


def _query(connection: Any, request: Request) -> Reply:
    sql = request.query + ("\n" if request.query else "") + request.body.text()
    stated = _FORMAT_AT_END.search(sql)
    format_name = stated[1] if stated else request.default_format
    # Not send_query: its fetch() takes a block for which no row was counted as the end, so a result may be lost (tried on
    # 26.9 under load: a SELECT with one row gave none, once in ten). A result is held in memory instead.
    result = connection.query(sql, format_name)
    counts = _summary(written_rows=result.rows_written(), written_bytes=result.bytes_written())
    return Reply(_pieces(result.bytes()), format_name, counts)


def _pieces(*pieces: bytes) -> Generator[bytes, None, None]:
    yield from pieces


def _summary(**counts: int) -> dict[str, str]:
    return {name: str(value) for name, value in counts.items()}


def summary_header(reply: Reply) -> str:
    """The value of X-ClickHouse-Summary: counts as JSON strings, as ClickHouse writes them."""
    zero = {"read_rows": "0", "read_bytes": "0", "written_rows": "0", "written_bytes": "0"}
    return json.dumps({**zero, **reply.summary}, separators=(",", ":"))
