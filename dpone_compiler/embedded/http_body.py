"""The body of an HTTP request: read once, in pieces of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Protocol

PIECE = 1 << 20
_MAX_QUERY = 64 << 20


class BadRequest(ValueError):
    """A request that the facade does not understand."""


class Source(Protocol):
    """Something that gives bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Give up to `size` bytes; none at the end."""
        ...


@dataclass(slots=True)
class Body:
    """The body of a request, read once, in pieces of a bounded size, with some bytes that were looked at already."""

    source: Source
    seen: bytes = b""

    def peek(self, size: int) -> bytes:
        """The first `size` bytes, or all when there are fewer; they stay in the body."""
        while len(self.seen) < size and (more := self.source.read(size - len(self.seen))):
            self.seen += more
        return self.seen

    def pieces(self) -> Iterator[bytes]:
        """The body from here to its end."""
        if self.seen:
            yield self.seen
            self.seen = b""
        while piece := self.source.read(PIECE):
            yield piece

    def drain(self) -> None:
        """Read and forget the rest: a client that still sends would not see our answer."""
        for _ in self.pieces():
            continue

    def text(self) -> str:
        """The whole body as text, for a query; data is never read this way."""
        whole = self.peek(_MAX_QUERY)
        if len(whole) == _MAX_QUERY:
            raise BadRequest("the query is longer than 64 MiB")
        self.seen = b""
        return whole.decode("utf-8")


@dataclass(slots=True)
class Counted:
    """A body whose length was told."""

    stream: BufferedIOBase
    left: int

    def read(self, size: int = -1, /) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        piece = self.stream.read(wanted) if wanted else b""
        if len(piece) < wanted:
            raise BadRequest("the body ended before its Content-Length")
        self.left -= len(piece)
        return piece


@dataclass(slots=True)
class Chunked:
    """A body in chunks (RFC 9112, 7.1)."""

    stream: BufferedIOBase
    left: int = 0
    ended: bool = False

    def read(self, size: int = -1, /) -> bytes:
        if not self.left and not self.ended:
            self._next_chunk()
        if self.ended:
            return b""
        piece = self.stream.read(self.left if size < 0 else min(size, self.left))
        if not piece:
            raise BadRequest("the body ended inside a chunk")
        self.left -= len(piece)
        if not self.left and self.stream.readline() != b"\r\n":
            raise BadRequest("a chunk does not end where it says")
        return piece

    def _next_chunk(self) -> None:
        line = self.stream.readline(1024)
        try:
            self.left = int(line.partition(b";")[0], 16)
        except ValueError as error:
            raise BadRequest("the body ended between two chunks" if not line else "a chunk without a size") from error
        if self.left == 0:
            while self.stream.readline(65536) not in (b"\r\n", b"\n", b""):
                continue
            self.ended = True
