"""Rows by the native protocol without the vendor's client: lines of TabSeparated become typed values that clickhouse-driver packs.

The slow way, one value after the other in Python, for machines that have no clickhouse-client. Types whose value Python does not hold
exactly, or that the driver packs in ways of its own, are refused by name: nothing arrives approximately.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from dpone_compiler.runtime.connections.clickhouse_text import without_format
from dpone_compiler.runtime.connections.session import Chunk, EngineError

_WRAPPED = re.compile(r"(?:LowCardinality|Nullable)\((.*)\)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"b": b"\b", b"f": b"\f", b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"a": b"\a", b"v": b"\v"}
_NULL = b"\\N"
# Rows of a block: wide rows of 120 columns stay below a few tens of megabytes.
_BLOCK_ROWS = 10_000

Reader = Callable[[bytes], object]


def insert_rows(
    driver: Any, arguments: Mapping[str, Any], settings: Mapping[str, str], statement: str, chunks: Iterable[Chunk]
) -> int:
    """Run the INSERT with these lines over a connection of its own; the number of rows that were sent."""

    class Typed(driver.Client):  # type: ignore[misc]
        """The types are known only when the server has answered the INSERT with an empty block."""

        def send_data(self, sample_block: Any, data: Any, types_check: bool = False, columnar: bool = False) -> int:
            rows = read_rows(data, sample_block.columns_with_types)
            sent: int = super().send_data(sample_block, rows, types_check=types_check, columnar=columnar)
            return sent

    client = Typed(**arguments, settings={**settings, "insert_block_size": _BLOCK_ROWS})
    try:
        return int(client.execute(without_format(statement) + " VALUES", lines(chunks)) or 0)
    finally:
        client.disconnect()


def lines(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """The lines of a stream, wherever it was cut. Raises EngineError for a last line without its end: the stream broke off."""
    rest = b""
    for chunk in chunks:
        whole, _, rest = (rest + chunk.data).rpartition(b"\n")
        if whole or chunk.data.startswith(b"\n"):
            yield from whole.split(b"\n")
    if rest:
        raise EngineError("", "the rows end in the middle of a line")


def read_rows(given: Iterable[bytes], columns: Sequence[tuple[str, str]]) -> Iterator[tuple[object, ...]]:
    """Typed rows. `columns`: (name, type) as the server says them."""
    readers = [_reader(name, native) for name, native in columns]
    for line in given:
        cells = line.split(b"\t")
        if len(cells) != len(readers):
            raise EngineError("", f"a row has {len(cells)} fields instead of {len(readers)}")
        yield tuple([None if cell == _NULL else read(cell) for read, cell in zip(readers, cells, strict=True)])


def _reader(name: str, native: str) -> Reader:
    inner = native
    while found := _WRAPPED.fullmatch(inner):
        inner = found[1]
    word = inner.partition("(")[0]
    if word in _READERS:
        return _READERS[word]
    said = f"column '{name}' is {native}, whose rows need the vendor's client"
    raise EngineError("48", said, help="install clickhouse-client, or use a clickhouse+http:// connection")


def _unescaped(cell: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), cell) if b"\\" in cell else cell


def _decimal(cell: bytes) -> Decimal:
    return Decimal(cell.decode("ascii"))


def _uuid(cell: bytes) -> uuid.UUID:
    return uuid.UUID(cell.decode("ascii"))


def _date(cell: bytes) -> date:
    return date.fromisoformat(cell.decode("ascii"))


def _seconds(cell: bytes) -> int:
    """An instant as UTC wall clock, or its number."""
    text = cell.decode("ascii")
    return int(text) if text.isdigit() else int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _word(cell: bytes) -> str:
    return _unescaped(cell).decode("utf-8")


_READERS: Mapping[str, Reader] = {
    **{f"{sign}Int{bits}": int for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "Float32": float,
    "Float64": float,
    "Decimal": _decimal,
    "String": _unescaped,
    "FixedString": _unescaped,
    "UUID": _uuid,
    "Date": _date,
    "DateTime": _seconds,
    "Enum8": _word,
    "Enum16": _word,
}
