"""Messages of pgoutput, protocol version 1, as values. Pure: bytes in, values out.

https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass


class Unchanged(enum.Enum):
    """A large value that the change did not touch, so that it was not logged."""

    VALUE = "u"


UNCHANGED = Unchanged.VALUE
Cell = bytes | None | Unchanged
"""A column's text as the server prints it, NULL, or UNCHANGED."""
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction. `commit`: where its commit record stands in the WAL."""

    commit: int


@dataclass(frozen=True, slots=True)
class Commit:
    """The end of the transaction."""

    commit: int


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """A column of a table as it was when the change was made. `identity`: part of the replica identity."""

    identity: bool
    name: str
    type: int
    modifier: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, told before its first change and again after each change of the table. `identity`: d, n, f or i."""

    id: int
    schema: str
    name: str
    identity: str
    columns: tuple[RelationColumn, ...]


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row."""

    relation: int
    new: Row


@dataclass(frozen=True, slots=True)
class Update:
    """A changed row. `old`: None; the old identity when it changed (`whole` false); the whole old row (`whole`)."""

    relation: int
    old: Row | None
    whole: bool
    new: Row


@dataclass(frozen=True, slots=True)
class Delete:
    """A row that is gone. `old`: its identity, or the whole row."""

    relation: int
    old: Row


@dataclass(frozen=True, slots=True)
class Truncate:
    """Tables that were emptied."""

    relations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A message that says nothing of rows: a type (Y), an origin (O), a message of an application (M)."""

    kind: str


Message = Begin | Commit | Relation | Insert | Update | Delete | Truncate | Other
_SILENT = "YOM"


class UnreadableMessageError(ValueError):
    """The bytes are no message of this protocol version."""


def decode(data: bytes) -> Message:
    """The message. Raises UnreadableMessageError."""
    reader = _Reader(data)
    try:
        message = _decode(reader)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise UnreadableMessageError(f"a message of {len(data)} bytes ends too early or is damaged") from error
    if not isinstance(message, Other) and reader.left:
        raise UnreadableMessageError(f"{reader.left} bytes follow a message of kind {chr(data[0])}")
    return message


def _decode(reader: _Reader) -> Message:
    match reader.char():
        case "B":
            commit = reader.int64()
            reader.skip(12)  # time and transaction id
            return Begin(commit)
        case "C":
            reader.skip(1)
            commit = reader.int64()
            reader.skip(16)  # end of the record, time
            return Commit(commit)
        case "R":
            return _relation(reader)
        case "I":
            relation = reader.int32()
            reader.expect("N")
            return Insert(relation, _row(reader))
        case "U":
            return _update(reader)
        case "D":
            relation = reader.int32()
            reader.expect("KO")
            return Delete(relation, _row(reader))
        case "T":
            count = reader.int32()
            reader.skip(1)  # CASCADE, RESTART IDENTITY
            return Truncate(tuple(reader.int32() for _ in range(count)))
        case kind if kind in _SILENT:
            return Other(kind)
        case kind:
            raise UnreadableMessageError(f"a message of unknown kind {kind!r}")


def _relation(reader: _Reader) -> Relation:
    id_, schema, name, identity = reader.int32(), reader.text(), reader.text(), reader.char()
    columns = []
    for _ in range(reader.int16()):
        flags, column = reader.int8(), reader.text()
        columns.append(RelationColumn(bool(flags & 1), column, reader.int32(), reader.signed32()))
    return Relation(id_, schema or "pg_catalog", name, identity, tuple(columns))


def _update(reader: _Reader) -> Update:
    relation = reader.int32()
    kind = reader.expect("KON")
    if kind == "N":
        return Update(relation, None, False, _row(reader))
    old = _row(reader)
    reader.expect("N")
    return Update(relation, old, kind == "O", _row(reader))


def _row(reader: _Reader) -> Row:
    cells: list[Cell] = []
    for _ in range(reader.int16()):
        match reader.expect("nut"):
            case "n":
                cells.append(None)
            case "u":
                cells.append(UNCHANGED)
            case _:
                cells.append(reader.take(reader.int32()))
    return tuple(cells)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        if size < 0 or size > self.left:
            raise IndexError(size)
        self._at += size
        return self._data[self._at - size : self._at]

    def skip(self, size: int) -> None:
        self.take(size)

    def char(self) -> str:
        return chr(self.take(1)[0])

    def expect(self, kinds: str) -> str:
        found = self.char()
        if found not in kinds:
            raise UnreadableMessageError(f"{found!r} stands where one of {', '.join(kinds)} must stand")
        return found

    def text(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise IndexError("a text without an end")
        found = self.take(end - self._at).decode("utf-8")
        self.skip(1)
        return found

    def int8(self) -> int:
        return self.take(1)[0]

    def int16(self) -> int:
        return int(struct.unpack("!H", self.take(2))[0])

    def int32(self) -> int:
        return int(struct.unpack("!I", self.take(4))[0])

    def signed32(self) -> int:
        return int(struct.unpack("!i", self.take(4))[0])

    def int64(self) -> int:
        return int(struct.unpack("!Q", self.take(8))[0])
