"""chDB in this process: `chdb:///folder`. Parameters are really bound; one folder belongs to one process at a time."""

import contextlib
import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from dpone_compiler.runtime.connections.clickhouse_errors import normalise
from dpone_compiler.runtime.connections.clickhouse_text import (
    bind_identifiers,
    first_word,
    input_format,
    query_parameters,
    quoted,
    read_table,
    split_statements,
    without_format,
)
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream

_TABLE = "TabSeparatedWithNamesAndTypes"


class ChdbSession:
    """One connection. While it copies in or out it takes no other statement, as with any other session."""

    engine = "clickhouse"

    def __init__(self, url: ConnectionUrl, limits: Mapping[str, str]) -> None:
        if url.host or not url.path.strip("/"):
            raise ConnectionProblem("DP603", f"connection '{url.connection_id}' is not chdb:///folder")
        driver: Any = importlib.import_module("chdb.state.sqlitelike")
        self._open: Callable[[], Any] = lambda: driver.Connection(url.path)
        self._settings = {**url.query, **limits}
        self._connection = self._connect()
        self._stream: _Stream | None = None

    def _connect(self) -> Any:
        with _normalised():
            connection = self._open()
            for name, value in self._settings.items():
                if not name.isidentifier():
                    raise ConnectionProblem("DP603", f"'{name}' is no setting's name")
                connection.query(" ".join(("SET", name, "=", quoted(value))))
        return connection

    def _renew(self) -> None:
        """After a failed query chDB 26.9 puts the beginning of its answer in front of the next one (tried)."""
        former, self._connection = self._connection, self._connect()
        former.close()

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        result = Result()
        for statement in split_statements(bind_identifiers(body, params)):
            try:
                with _normalised():
                    answer = self._connection.query(statement, _TABLE, params=query_parameters(statement, params))
                    columns, rows = read_table(answer.bytes() or b"")
            except EngineError:
                self._renew()
                raise
            affected = answer.rows_written() if first_word(statement) == "INSERT" else None
            affected = result.affected if affected is None else affected
            result = Result(columns, rows, affected) if columns else Result(result.columns, result.rows, affected)
        return result

    def begin(self, *, snapshot: bool = False) -> None:
        """ClickHouse has no transaction."""

    def commit(self) -> None:
        """ClickHouse has no transaction."""

    def rollback(self) -> None:
        """ClickHouse has no transaction."""

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        body = bind_identifiers(body, params)
        statement, data_format = without_format(body), input_format(body) or "TabSeparated"
        with _normalised():
            self._stream = _Stream(
                self._connection.send_query(statement, data_format, params=query_parameters(statement, params))
            )
        return self._stream

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        body = bind_identifiers(body, params)
        if query_parameters(body, params):
            raise EngineError("456", "chDB binds no parameters in an INSERT that streams")
        data_format = input_format(body)
        if data_format is None:
            raise EngineError("62", "the INSERT names no FORMAT")
        with _normalised():
            inserter = self._connection.send_insert(without_format(body), data_format)
        with inserter:  # leaving without finish() throws the rows away
            for chunk in chunks:
                with _normalised():
                    inserter.append(chunk.data)
            with _normalised():
                return int(inserter.finish().rows_written)

    def cancel(self) -> None:
        """Only a stream can be cancelled: a statement of this process runs to its end."""
        if self._stream is not None:
            self._stream.close()

    def close(self) -> None:
        self._connection.close()


class _Stream:
    """The pieces of an answer as chDB makes them."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._ended = False
        self._rows = 0
        self.total: int | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        while not self._ended:
            with _normalised():
                piece = self._answer.fetch()
            if piece is None:
                self.total = self._rows
                break
            data = piece.bytes()
            if data:
                self._rows += piece.rows_read()
                return Chunk(bytes(data), piece.rows_read())
        self._ended = True
        raise StopIteration

    def close(self) -> None:
        self._ended = True
        with contextlib.suppress(RuntimeError):
            self._answer.close()


@contextlib.contextmanager
def _normalised() -> Iterator[None]:
    try:
        yield
    except (EngineError, ConnectionProblem):
        raise
    except Exception as error:  # chDB raises RuntimeError here, ChdbError there
        raise normalise(str(error)) from None
