"""Postgres through psycopg 3: whole scripts by the simple protocol, every cell as the server's own text."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import generators, pq
from psycopg.errors import error_from_result

from dpone_compiler.runtime.connections import postgres_copy
from dpone_compiler.runtime.connections.postgres_errors import normalise
from dpone_compiler.runtime.connections.postgres_replication import ExportedSnapshot
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

# What a value looks like as text, and what a transaction sees, must not depend on the server's or the role's configuration.
_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "standard_conforming_strings": "on",
    # A statement sees what was committed before the lock that it has waited for; a snapshot of the transaction would not.
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    # Rows that a policy hides would be lost in silence: a statement that would see a part of a table fails (42501) instead.
    "row_security": "off",
    # Long expressions that run once: compiling them to machine code costs more than they do.
    "jit": "off",
}
_SET_SESSION = b"SELECT count(set_config(key, value, false)), pg_backend_pid() FROM json_each_text($1::json)"
_SET_LOCAL = b"SELECT count(set_config('dponec.' || key, value, true)) FROM json_each_text($1::json)"
_BEGIN = "BEGIN"
_WHERE = "; SELECT pg_backend_pid()"
_BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
_CONNECT_SECONDS = "15"


class PostgresSession:
    """One connection. A body with parameters runs inside a transaction, its own one if none is open."""

    engine = "postgres"

    def __init__(self, url: ConnectionUrl, limits: Mapping[str, str]) -> None:
        timeout = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
        self._url = url
        with _normalised():
            self._connection = _connect(url, timeout)
        try:
            ((_, process),) = _result(self._bind(_SET_SESSION, {**_SETTINGS, **limits})).rows
            self._process = process or ""
        except BaseException:
            self._connection.close()
            raise

    @property
    def in_transaction(self) -> bool:
        return self._connection.pgconn.transaction_status in (
            pq.TransactionStatus.INTRANS,
            pq.TransactionStatus.INERROR,
        )

    @property
    def backend_pid(self) -> str:
        """The server process of this session, which the lease names as its holder; '' behind a pooler.

        A pooler keeps its processes when their users are gone, and gives them to others, so one that lives proves nothing.
        """
        return "" if self._pooled else self._process

    @property
    def _pooled(self) -> bool:
        """What the connection says of its process and what the process says of itself differ where a pooler stands between."""
        return self._process != str(self._connection.pgconn.backend_pid)

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        """Run every statement of a body. Without parameters and outside a transaction it is sent as it stands,

        so that VACUUM or CREATE INDEX CONCURRENTLY, which refuse a transaction, have a way to run.
        """
        with _normalised(), self._bound(params):
            return _result(self._execute(body))

    def begin(self, *, snapshot: bool = False) -> None:
        with _normalised():
            self._begin(_BEGIN_SNAPSHOT if snapshot else _BEGIN)

    def _begin(self, statement: str) -> None:
        """DP608 where a pooler gives each transaction another process: the settings of this session would not hold there."""
        if not self._pooled:
            self._execute(statement)
            return
        ((process,),) = _result(self._execute(statement + _WHERE)).rows
        if process != self._process:
            self._connection.close()
            raise EngineError(
                "DP608", "the pooler gave this transaction another server process than the one before it had"
            )

    def export_snapshot(self, body: str) -> ExportedSnapshot:
        """A snapshot that this session can take, held by a connection of its own until it is closed."""
        with _normalised():
            return ExportedSnapshot(self._url, body)

    def commit(self) -> None:
        failed = self._connection.pgconn.transaction_status == pq.TransactionStatus.INERROR
        with _normalised():
            self._execute("COMMIT")
        if failed:  # the server turns COMMIT of a failed transaction into ROLLBACK and calls it a success
            raise EngineError("25P02", "the transaction had failed, so COMMIT rolled it back")

    def rollback(self) -> None:
        with _normalised():
            try:
                self._execute("ROLLBACK")
            except psycopg.Error:
                # Interrupted at the start of a COPY, say. The server rolls back when we hang up; nobody waits for its locks.
                self._connection.close()
                raise

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        return _Rows(self, body, params)

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        with _normalised(), self._bound(params, always=True):
            self._start_copy(body, pq.ExecStatus.COPY_IN)
            return postgres_copy.write(self._connection, chunks)

    def cancel(self) -> None:
        """May be called from another thread."""
        with contextlib.suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=5.0)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _bound(self, params: Mapping[str, str], *, always: bool = False) -> Iterator[None]:
        """Bind parameters for the length of a transaction, and make that transaction where there is none."""
        own = (bool(params) or always) and not self.in_transaction
        if own:
            self._begin(_BEGIN)
        try:
            if params:
                self._bind(_SET_LOCAL, params)
            yield
            if own:
                self._execute("COMMIT")
        except BaseException:
            if own and not self._connection.closed:
                with contextlib.suppress(psycopg.Error):
                    self._execute("ROLLBACK")
            raise

    def _bind(self, statement: bytes, values: Mapping[str, str]) -> "list[PGresult]":
        document = json.dumps(dict(values)).encode()
        pgconn = self._connection.pgconn
        with _normalised():
            pgconn.send_query_params(statement, [document])
            results: list[PGresult] = self._connection.wait(generators.execute(pgconn))
            _check(results)
            return results

    def _execute(self, body: str) -> "list[PGresult]":
        pgconn = self._connection.pgconn
        pgconn.send_query(_encoded(body))
        results: list[PGresult] = self._connection.wait(generators.execute(pgconn))
        _check(results)
        return results

    def _start_copy(self, body: str, wanted: pq.ExecStatus) -> None:
        results = self._execute(body)
        if not results or results[-1].status != wanted:
            if results and results[-1].status in (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
                self._connection.close()  # the wrong direction: there is no other clean way out of the copy
            raise EngineError("42601", "the body does not start the COPY that this step needs")


class _Rows:
    """A copy_out: starts with its first chunk and ends the transaction that its parameters needed."""

    def __init__(self, session: PostgresSession, body: str, params: Mapping[str, str]) -> None:
        self._session = session
        self._copy: postgres_copy.CopyOut | None = None
        self._bound = session._bound(params)
        self._open = True
        with _normalised():
            self._bound.__enter__()
            try:
                session._start_copy(body, pq.ExecStatus.COPY_OUT)
            except BaseException as error:
                self._leave(error)
                raise
            self._copy = postgres_copy.CopyOut(session._connection)

    @property
    def total(self) -> int | None:
        return self._copy.total if self._copy else None

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if not self._open or self._copy is None:
            raise StopIteration
        try:
            with _normalised():
                return next(self._copy)
        except StopIteration:
            self._open = False
            with _normalised():
                self._bound.__exit__(None, None, None)
            raise
        except BaseException as error:
            self._copy.close()
            self._leave(error)
            raise

    def close(self) -> None:
        if self._open and self._copy is not None:
            self._copy.close()
            self._leave(EngineError("57014", "the reader stopped"))

    def _leave(self, error: BaseException) -> None:
        self._open = False
        with contextlib.suppress(BaseException):  # contextmanager raises the same error again; the caller has it
            self._bound.__exit__(type(error), error, error.__traceback__)


def _connect(url: ConnectionUrl, timeout: Mapping[str, str]) -> "psycopg.Connection[tuple[object, ...]]":
    os.environ.pop("PGTZ", None)  # libpq would send it, and what the database says of its own zone could not be asked
    try:
        psycopg.conninfo.conninfo_to_dict(url.raw)
    except psycopg.ProgrammingError:  # quotes the part that it cannot read, which may be the password
        raise ConnectionProblem("DP603", f"libpq cannot read the URL of connection '{url.connection_id}'") from None
    return psycopg.connect(
        url.raw,
        autocommit=True,
        client_encoding="UTF8",
        application_name="dponec",
        **timeout,  # type: ignore[arg-type]
    )


@contextmanager
def _normalised() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        # The chain would carry the driver's message, values and all, into every traceback.
        raise normalise(error) from None


def _encoded(body: str) -> bytes:
    if "\0" in body:
        raise EngineError("22021", "a statement cannot hold a NUL character")
    return body.encode("utf-8")


def _check(results: "list[PGresult]") -> None:
    for result in results:
        if result.status in _FAILED:
            raise error_from_result(result)


def _result(results: "list[PGresult]") -> Result:
    """The last result set that has columns; `affected` comes from the last statement that wrote something."""
    affected: int | None = None
    table: PGresult | None = None
    for result in results:
        if result.status in (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
            raise EngineError("42601", "a COPY needs copy_in or copy_out")
        reads = result.status == pq.ExecStatus.TUPLES_OK
        table = result if reads and result.nfields else table
        tag = result.command_status or b""
        if result.command_tuples is not None and not (reads and tag.startswith((b"SELECT", b"FETCH", b"SHOW"))):
            affected = result.command_tuples
    if table is None:
        return Result(affected=affected)
    width = range(table.nfields)
    names = tuple((table.fname(column) or b"").decode("utf-8") for column in width)
    rows = tuple(tuple(_cell(table, row, column) for column in width) for row in range(table.ntuples))
    return Result(names, rows, affected)


def _cell(table: "PGresult", row: int, column: int) -> str | None:
    value = table.get_value(row, column)
    return None if value is None else bytes(value).decode("utf-8")
