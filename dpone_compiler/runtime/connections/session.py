"""What every engine's session offers, and the one error that all of them raise."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Result:
    """The last result set of a body, its cells as the text that the engine prints; None is NULL."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    affected: int | None = None


class Chunk(NamedTuple):
    """A piece of a stream. `rows` serves progress only: the proof is the total that the engine reports."""

    data: bytes
    rows: int


class RowStream(Protocol):
    """An iterator of chunks; `total` holds the engine's own row count once the stream has ended."""

    @property
    def total(self) -> int | None: ...

    def __iter__(self) -> Iterator[Chunk]: ...

    def __next__(self) -> Chunk: ...

    def close(self) -> None: ...


class Session(Protocol):
    """One open connection. Not shared between threads, except for `cancel`."""

    @property
    def engine(self) -> str: ...

    def run(self, body: str, params: Mapping[str, str]) -> Result: ...

    def begin(self, *, snapshot: bool = False) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream: ...

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int: ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


class EngineError(Exception):
    """An engine said no. The message names tables, columns and constraints, and never quotes a row's values."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        transient: bool = False,
        permission: bool = False,
        unreachable: bool = False,
        help: str = "",
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.transient = transient
        self.permission = permission
        self.unreachable = unreachable
        self.help = help

    @property
    def sqlstate_or_code(self) -> str:
        return self.code

    def __str__(self) -> str:
        return " ".join(part for part in (f"[{self.code}]" if self.code else "", self.message, self.help) if part)
