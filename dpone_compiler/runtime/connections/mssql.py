"""SQL Server through pyodbc: bodies with parameters by sp_executesql, every result set read to its end, rows in as JSON arrays.

A result set that is not read to its end hides the errors behind it, and closing it early may roll back; so all are read.
"""

import contextlib
import datetime
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pyodbc

from dpone_compiler.runtime.connections.mssql_address import address, connection_string, login_timeout
from dpone_compiler.runtime.connections.mssql_errors import normalise
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream

# A pooled connection would keep the lease's lock after it was closed: the lock is how others see that we live.
pyodbc.pooling = False

_SETTINGS = """SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS OFF;
SET NOCOUNT, XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"""
_COMMIT = """IF @@TRANCOUNT <> 1 OR XACT_STATE() <> 1
  THROW 50424, N'DP424: the transaction is not open any more or cannot be committed, so nothing of it was kept', 1;
COMMIT TRANSACTION;"""
# https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/sys-databases-transact-sql
_SNAPSHOTS = "SELECT CONVERT(nvarchar(1), [snapshot_isolation_state]) AS [allowed] FROM sys.databases WHERE [database_id] = DB_ID();"
_LEVEL = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
_FETCHED = 2000
_ROLLBACK = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;"
_NO_DRIVER = ("IM002", "IM003", "01000")


class MssqlSession:
    """One connection in autocommit; a transaction is begun and ended by statements, which every driver leaves alone."""

    engine = "mssql"

    def __init__(self, url: ConnectionUrl, limits: Mapping[str, str]) -> None:
        self._cursor: pyodbc.Cursor | None = None
        self._connection = _connect(url)
        try:
            self._batch(_SETTINGS)
            if limits.get("lock_timeout"):
                self._batch(f"SET LOCK_TIMEOUT {int(limits['lock_timeout'].rstrip('s')) * 1000};")
        except BaseException:
            self._connection.close()
            raise

    @property
    def backend_pid(self) -> str:
        """The server's number of this session, which the lease names as its holder."""
        return str(self._batch("SELECT @@SPID AS spid;").rows[0][0])

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        """Run one batch. Parameters are texts, declared and bound by sp_executesql."""
        return self._batch(*_call(body, params))

    def begin(self, *, snapshot: bool = False) -> None:
        """A transaction; for reading under SNAPSHOT where the database allows it, else under READ COMMITTED."""
        if snapshot and self._batch(_SNAPSHOTS).rows[0][0] == "1":
            self._batch("SET TRANSACTION ISOLATION LEVEL SNAPSHOT;")
        self._batch("BEGIN TRANSACTION;")

    def commit(self) -> None:
        self._batch(_COMMIT)
        self._batch(_LEVEL)

    def rollback(self) -> None:
        try:
            self._batch(_ROLLBACK)
            self._batch(_LEVEL)
        except EngineError:
            # The server rolls back when we hang up; nobody waits for its locks.
            self._connection.close()
            raise

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        """The lines of a query of one column."""
        text, values = _call(body, params)
        return _Lines(self, text, values)

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        """Lines of COPY, each a JSON array: batches of them become the parameter `rows` of the body, which says how many it took."""
        taken = 0
        for lines in _batches(chunks):
            result = self.run(body, {**params, "rows": _json(lines)})
            taken += int(result.rows[0][0] or 0) if result.rows else 0
        return taken

    def cancel(self) -> None:
        """May be called from another thread."""
        cursor = self._cursor
        if cursor is not None:
            with contextlib.suppress(pyodbc.Error):
                cursor.cancel()

    def close(self) -> None:
        with contextlib.suppress(pyodbc.Error):
            self._connection.close()

    def _batch(self, text: str, values: tuple[str, ...] = ()) -> Result:
        with _normalised():
            self._cursor = cursor = self._connection.cursor()
            try:
                cursor.execute(text, *values)
                return _last_result(cursor)
            finally:
                self._cursor = None
                with contextlib.suppress(pyodbc.Error):
                    cursor.close()


class _Lines:
    """A copy_out: the rows of one column, each a line, in blocks of a few hundred kilobytes."""

    def __init__(self, session: MssqlSession, text: str, values: tuple[str, ...]) -> None:
        self._session = session
        self.total: int | None = None
        self._rows = 0
        with _normalised():
            session._cursor = self._cursor = session._connection.cursor()
            self._cursor.arraysize = _FETCHED
            self._cursor.execute(text, *values)
            # Settings and declarations before the query give no columns.
            while not self._cursor.description and self._cursor.nextset():
                pass
        if not self._cursor.description:
            raise EngineError("", "the body gives no rows to send")

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if self.total is not None:
            raise StopIteration
        with _normalised():
            rows = self._cursor.fetchmany()
            if not rows:
                while self._cursor.nextset():  # an error may stand behind the rows
                    pass
        if not rows:
            self.total = self._rows
            self._end()
            raise StopIteration
        self._rows += len(rows)
        return Chunk(("\n".join([row[0] for row in rows]) + "\n").encode("utf-8"), len(rows))

    def close(self) -> None:
        """Stop early; what was not read is thrown away."""
        with contextlib.suppress(pyodbc.Error):
            self._cursor.cancel()
        self._end()

    def _end(self) -> None:
        self._session._cursor = None
        with contextlib.suppress(pyodbc.Error):
            self._cursor.close()


def _call(body: str, params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """A body without parameters as it stands, another one by sp_executesql."""
    if not params:
        return body, ()
    names = sorted(params)
    declared = ", ".join(f"@{name} nvarchar(max)" for name in names)
    values = (body, declared, *(params[name] for name in names))
    return "EXEC sys.sp_executesql " + ", ".join("?" * len(values)), values


def _connect(url: ConnectionUrl) -> "pyodbc.Connection":
    text = connection_string(url)
    _knock(url)
    try:
        return pyodbc.connect(text, autocommit=True, timeout=login_timeout(url))
    except pyodbc.Error as error:
        state = str(error.args[0]) if error.args else ""
        if state in _NO_DRIVER:
            known = ", ".join(pyodbc.drivers()) or "none"
            problem = f"the ODBC driver of connection '{url.connection_id}' cannot be loaded (installed: {known})"
            help = "name one in the URL: ?driver=…, or install msodbcsql18 or tdsodbc"
            raise ConnectionProblem("DP606", problem, help) from None
        raise normalise(error, opening=True) from None


def _knock(url: ConnectionUrl) -> None:
    """Whether anybody listens: the drivers wait out their whole timeout for a port that is closed, and do not name it."""
    place = address(url)
    if place is None:
        return
    try:
        socket.create_connection(place, timeout=login_timeout(url)).close()
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise EngineError("08001", f"no SQL Server answers at {place[0]}:{place[1]}: {why}", unreachable=True) from None


@contextmanager
def _normalised() -> Iterator[None]:
    try:
        yield
    except pyodbc.Error as error:
        # The chain would carry the driver's message, values and all, into every traceback.
        raise normalise(error) from None


def _last_result(cursor: "pyodbc.Cursor") -> Result:
    """The last result set that has columns, after all of them were read."""
    result = Result()
    while True:
        if cursor.description:
            names = tuple(str(column[0]) for column in cursor.description)
            result = Result(
                names, tuple(tuple(_cell(value) for value in row) for row in cursor.fetchall()), result.affected
            )
        elif cursor.rowcount >= 0:
            result = Result(result.columns, result.rows, cursor.rowcount)
        if not cursor.nextset():
            return result


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _batches(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """The whole lines of each chunk; how large a chunk is, and so a statement, is the pump's to say."""
    rest = b""
    for chunk in chunks:
        lines, _, rest = (rest + chunk.data).rpartition(b"\n")
        if lines:
            yield lines
    if rest:
        yield rest


def _json(lines: bytes) -> str:
    """COPY doubles each backslash, and JSON leaves no line break inside a row."""
    return "[" + lines.replace(b"\\\\", b"\\").replace(b"\n", b",").decode("utf-8") + "]"
