"""A session whose copy_out gives decoded changes: the stream of a peek, message by message, in constant memory."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping

from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream, Session
from dpone_compiler.runtime.transfer.changes import Changes
from dpone_compiler.runtime.transfer.pgoutput import UnreadableMessageError

# https://www.postgresql.org/docs/current/sql-copy.html, Binary Format
_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_HEADER = len(_SIGNATURE) + 8


class DecodedSession:
    """Everything but copy_out is the inner session's."""

    engine = "postgres"

    def __init__(self, inner: Session, changes: Changes) -> None:
        self._inner, self._changes = inner, changes

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        return _Decoded(self._inner.copy_out(body, params), self._changes)

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        return self._inner.run(body, params)

    def begin(self, *, snapshot: bool = False) -> None:
        self._inner.begin(snapshot=snapshot)

    def commit(self) -> None:
        self._inner.commit()

    def rollback(self) -> None:
        self._inner.rollback()

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        return self._inner.copy_in(body, params, chunks)

    def cancel(self) -> None:
        self._inner.cancel()

    def close(self) -> None:
        self._inner.close()


class _Decoded:
    """One chunk of lines for each chunk of messages that gives any."""

    def __init__(self, rows: RowStream, changes: Changes) -> None:
        self._rows, self._changes = rows, changes
        self._fields = _Fields()
        self._count = 0
        self.total: int | None = None

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        for chunk in self._rows:
            lines = [line for message in self._messages(chunk.data) for line in message]
            if lines:
                self._count += len(lines)
                return Chunk(b"".join(lines), len(lines))
        self.total = self._count
        raise StopIteration

    def close(self) -> None:
        self._rows.close()

    def _messages(self, data: bytes) -> Iterator[Iterator[bytes]]:
        try:
            for message in self._fields.feed(data):
                yield self._changes.rows(message)
        except UnreadableMessageError as error:
            raise EngineError("", f"a message of the slot is not understood: {error}") from None


class _Fields:
    """The one column of each row of a binary COPY, however the stream is cut."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        held = self._held
        held += data
        at = 0
        if not self._begun and len(held) >= _HEADER:
            self._begun, at = True, _HEADER
        while self._begun and len(held) - at >= 6:
            fields, size = struct.unpack_from("!hi", held, at)
            if fields != 1 or size < 0 or len(held) - at < 6 + size:
                break  # the end, or a row that is not whole yet
            yield bytes(held[at + 6 : at + 6 + size])
            at += 6 + size
        del held[:at]
