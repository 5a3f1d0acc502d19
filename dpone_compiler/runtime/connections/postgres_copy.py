"""COPY at the level of libpq: rows joined into large blocks, no look inside, constant memory.

psycopg's own Copy object costs two to three times as much a row, so the loops here talk to PGconn. libpq is kept
non-blocking (psycopg's default): a blocking call would hold the interpreter lock while it waits for the network.
"""

import contextlib
import os
import select
import socket
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from psycopg import generators, pq
from psycopg.errors import error_from_result

from dpone_compiler.runtime.connections.session import CHUNK_BYTES, Chunk

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGconn, PGresult

_WAIT_MS = 1000  # so that a signal is looked at even where poll() is restarted


class CopyOut:
    """The rows of a started COPY … TO STDOUT. Closing it early cancels the query on the server."""

    def __init__(self, connection: "psycopg.Connection[object]", chunk_bytes: int = CHUNK_BYTES) -> None:
        self._connection = connection
        self._chunks = _read(connection.pgconn, chunk_bytes)
        self._ended = False
        self.total: int | None = None

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if self._ended:
            raise StopIteration
        chunk = next(self._chunks, None)
        if chunk is not None:
            return chunk
        self._ended = True
        self.total = finish(self._connection)
        raise StopIteration

    def close(self) -> None:
        """Leave the connection idle, whatever the reader has seen."""
        if self._ended:
            return
        self._ended = True
        # The cancellation comes back as an error, and so does a connection that is already gone.
        with contextlib.suppress(Exception):
            self._connection.cancel_safe(timeout=5.0)
            self._chunks.close()
            for _ in _read(self._connection.pgconn, CHUNK_BYTES):
                pass
            finish(self._connection)


def _read(pgconn: "PGconn", chunk_bytes: int) -> Generator[Chunk, None, None]:
    get, consume = pgconn.get_copy_data, pgconn.consume_input
    ready = select.poll()
    ready.register(pgconn.socket, select.POLLIN)
    parts: list[memoryview] = []
    size = 0
    while True:
        length, data = get(1)
        if length > 0:
            parts.append(data)
            size += length
            if size >= chunk_bytes:
                yield Chunk(b"".join(parts), len(parts))
                parts.clear()
                size = 0
        elif length == 0:
            ready.poll(_WAIT_MS)
            consume()
        else:
            break
    if parts:
        yield Chunk(b"".join(parts), len(parts))


def write(connection: "psycopg.Connection[object]", chunks: Iterable[Chunk]) -> int:
    """Feed a started COPY … FROM STDIN; a producer that fails makes the server throw the rows away."""
    pgconn = connection.pgconn
    ready = select.poll()
    ready.register(pgconn.socket, select.POLLIN | select.POLLOUT)
    try:
        for chunk in chunks:
            if _refused(pgconn):
                break
            for at in range(0, len(chunk.data), CHUNK_BYTES):
                _put(pgconn, memoryview(chunk.data)[at : at + CHUNK_BYTES], ready)
            del chunk  # a batch is let go before the next one is asked for
    except BaseException:
        with contextlib.suppress(Exception):  # the producer's failure is the cause; the server only confirms it
            end(connection, ready, b"the source of the rows failed")
        raise
    return end(connection, ready, None)


def _put(pgconn: "PGconn", piece: memoryview, ready: select.poll) -> None:
    """libpq copies what it is given into a buffer that never shrinks: a batch goes in pieces, each sent before the next."""
    while pgconn.put_copy_data(piece) == 0:
        _push(pgconn, ready)
    _push(pgconn, ready)


def _push(pgconn: "PGconn", ready: select.poll) -> None:
    """Wait until libpq's buffer is with the kernel, so that memory stays constant."""
    while pgconn.flush():
        for _, event in ready.poll(_WAIT_MS):
            if event & select.POLLIN:  # a server that cannot send a notice would stop reading
                pgconn.consume_input()


def _refused(pgconn: "PGconn") -> bool:
    """True when the server has spoken during the copy; it has nothing to say then but a failure or a notice.

    libpq reports the failure only at the end of the copy: without this look a wrong first row would cost the
    transfer of all others. A notice is told apart by its first byte; under TLS that is unreadable, and we go on.
    """
    if pgconn.ssl_in_use:
        return False
    waiting, _, _ = select.select([pgconn.socket], [], [], 0)
    return bool(waiting) and _peek(pgconn.socket) == b"E"


def _peek(descriptor: int) -> bytes:
    with socket.socket(fileno=os.dup(descriptor)) as twin:
        try:
            return twin.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""


def end(connection: "psycopg.Connection[object]", ready: select.poll, error: bytes | None) -> int:
    pgconn = connection.pgconn
    while pgconn.put_copy_end(error) == 0:
        _push(pgconn, ready)
    _push(pgconn, ready)
    return finish(connection) or 0


def finish(connection: "psycopg.Connection[object]") -> int | None:
    """Read what follows the rows; the row count is the command tag's."""
    results: list[PGresult] = connection.wait(generators.fetch_many(connection.pgconn))
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
    return results[-1].command_tuples if results else None
