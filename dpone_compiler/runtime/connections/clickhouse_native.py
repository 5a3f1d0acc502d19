"""ClickHouse over its native protocol: clickhouse-driver for statements, the vendor's client for streams; rows without it.

The driver gives Python values, not the server's text. Only types whose text is beyond doubt are turned back; for any other
cell the body has to say toString(...), and is refused otherwise rather than answered approximately. Parameters are bound
as escaped literals on every version: the driver's own server-side binding escapes differently between versions.
"""

import contextlib
import importlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from dpone_compiler.runtime.connections.clickhouse_address import arguments, client_configuration, settings
from dpone_compiler.runtime.connections.clickhouse_blocks import insert_rows
from dpone_compiler.runtime.connections.clickhouse_errors import normalise, unreachable
from dpone_compiler.runtime.connections.clickhouse_room import room_for
from dpone_compiler.runtime.connections.clickhouse_text import bind_legacy, first_word, input_format, split_statements
from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream

_CLIENT = "clickhouse-client"
_PIPE_BYTES = 1 << 20
_USE_HTTP = "use a clickhouse+http:// connection"


class ClickHouseNativeSession:
    """One driver connection; a stream in is a process of the vendor's client beside it."""

    engine = "clickhouse"

    def __init__(self, url: ConnectionUrl, limits: Mapping[str, str]) -> None:
        driver: Any = importlib.import_module("clickhouse_driver")
        self._errors: Any = importlib.import_module("clickhouse_driver.errors")
        self._url = url
        self._limits = {**settings(url), **limits}
        self._query_id = ""
        self._arguments = arguments(url)
        self._driver = driver
        self._client: Any = driver.Client(**self._arguments, settings=dict(self._limits))
        self.version = self.run("SELECT version()", {}).rows[0][0] or ""

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        result = Result()
        for statement in split_statements(body):
            self._query_id = str(uuid.uuid4())
            with self._normalised():
                bound = bind_legacy(statement, params)
                answer = self._client.execute(
                    bound, with_column_types=True, query_id=self._query_id, settings=room_for(bound)
                )
            if isinstance(answer, tuple) and answer[1]:
                rows, columns = answer
                names = tuple(str(name) for name, _ in columns)
                result = Result(names, tuple(tuple(_text(cell) for cell in row) for row in rows), result.affected)
        return result

    def begin(self, *, snapshot: bool = False) -> None:
        """ClickHouse has no transaction."""

    def commit(self) -> None:
        """ClickHouse has no transaction."""

    def rollback(self) -> None:
        """ClickHouse has no transaction."""

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        raise EngineError("48", "the native protocol has no text stream out", help=_USE_HTTP)

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        """Rows sent: the client does not say how many the server took."""
        statement = bind_legacy(body.strip().rstrip(";"), params)
        if first_word(statement) != "INSERT" or input_format(statement) is None:
            raise EngineError("62", "the body is no INSERT that names its FORMAT")
        limits = {**self._limits, **room_for(statement)}
        program = shutil.which(_CLIENT)
        if program is None:
            with self._normalised():
                return insert_rows(self._driver, self._arguments, limits, statement, chunks)
        with tempfile.TemporaryDirectory(prefix="dponec-") as folder:
            config = _configuration(Path(folder), self._arguments)
            given = ["--" + name + "=" + value for name, value in limits.items()]
            with tempfile.TemporaryFile() as errors:
                process = subprocess.Popen(
                    [program, "--config-file", str(config), *given, "--query", statement],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                )
                rows = _feed(process, chunks)
                if process.wait() != 0:
                    errors.seek(0)
                    error = normalise(errors.read(64 * 1024).decode("utf-8", "replace"))
                    if rows == 0 and error.code == "108":  # NO_DATA_TO_INSERT: an empty extract is not a failure
                        return 0
                    raise error
                return rows

    def cancel(self) -> None:
        """May be called from another thread."""
        with contextlib.suppress(Exception):
            other = self._driver.Client(**self._arguments)
            other.execute("KILL QUERY WHERE query_id = %(id)s", {"id": self._query_id})
            other.disconnect()

    def close(self) -> None:
        self._client.disconnect()

    @contextlib.contextmanager
    def _normalised(self) -> Iterator[None]:
        try:
            yield
        except (self._errors.NetworkError, OSError, EOFError) as error:
            raise unreachable(error) from None
        except self._errors.Error as error:
            raise normalise("Code: " + str(error.code) + ". " + str(error.message)) from None


def _feed(process: "subprocess.Popen[bytes]", chunks: Iterable[Chunk]) -> int:
    """Write every chunk. A client that only saw its input end would commit, so a failed producer kills it first."""
    assert process.stdin is not None
    with contextlib.suppress(ImportError, OSError, AttributeError):
        fcntl: Any = importlib.import_module("fcntl")
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    descriptor, rows = process.stdin.fileno(), 0
    try:
        for chunk in chunks:
            if not _written(descriptor, chunk.data):
                break
            rows += chunk.rows
    except BaseException:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        raise
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    return rows


def _written(descriptor: int, data: bytes) -> bool:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BrokenPipeError:  # the client has given up; its exit code and stderr say why
        return False
    return True


def _configuration(folder: Path, arguments: Mapping[str, Any]) -> Path:
    """The client's private configuration: a password on the command line is visible to every user."""
    path = folder / "client.xml"
    path.touch(mode=0o600)
    path.write_text(client_configuration(arguments), encoding="utf-8")
    return path


def _text(cell: object) -> str | None:
    """Exactly what the server would print, or a refusal."""
    match cell:
        case None:
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int() | Decimal() | uuid.UUID():
            return format(cell, "f") if isinstance(cell, Decimal) else str(cell)
        case datetime() if cell.microsecond == 0:
            return cell.strftime("%Y-%m-%d %H:%M:%S")
        case date() if not isinstance(cell, datetime):
            return cell.isoformat()
        case _:
            kind = type(cell).__name__
            raise EngineError("50", f"a cell of type {kind} has no exact text here", help="select toString(...) of it")
