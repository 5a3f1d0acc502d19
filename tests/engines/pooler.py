"""A pooler in front of a Postgres, as far as one client at a time sees it: a process number that is not the server's, and in
transaction mode a server of the pool for each transaction.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_NO_TLS = (80877103, 80877104)  # SSLRequest, GSSENCRequest


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def _message(sock: socket.socket) -> tuple[bytes, bytes]:
    """(type, body) of the next message of a server."""
    kind, size = struct.unpack("!ci", _exactly(sock, 5))
    return kind, _exactly(sock, size - 4)


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _startup(client: socket.socket) -> bytes:
    while True:
        (size,) = struct.unpack("!i", head := _exactly(client, 4))
        body = _exactly(client, size - 4)
        if struct.unpack("!i", body[:4])[0] not in _NO_TLS:
            return head + body
        client.sendall(b"N")


def _greeted(server: socket.socket, startup: bytes) -> bytes:
    """All that a server says until it is ready, with a process number that is the pooler's own."""
    server.sendall(startup)
    said = b""
    while True:
        kind, body = _message(server)
        said += _framed(kind, struct.pack("!i", 1) + body[4:] if kind == b"K" else body)
        if kind == b"Z":
            return said


def _serve(client: socket.socket, address: tuple[str, int], size: int) -> None:
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        stack.enter_context(client)
        startup = _startup(client)
        pool = [stack.enter_context(socket.create_connection(address)) for _ in range(size)]
        greetings = [_greeted(server, startup) for server in pool]
        client.sendall(greetings[0])
        turn, idle = 0, True
        chosen = stack.enter_context(selectors.DefaultSelector())
        for sock in (client, *pool):
            chosen.register(sock, selectors.EVENT_READ)
        while True:
            for key, _ in chosen.select():
                if key.fileobj is client:
                    data = client.recv(1 << 16)
                    if not data:
                        return
                    turn, idle = (turn + 1 if idle else turn), False
                    pool[turn % size].sendall(data)
                else:
                    kind, body = _message(key.fileobj)  # type: ignore[arg-type]
                    idle = idle or (kind == b"Z" and body == b"I")
                    client.sendall(_framed(kind, body))


@contextlib.contextmanager
def pooled(url: str, servers: int = 1) -> Iterator[str]:
    """The URL of a pooler before that server. `servers`: one is session mode, more are given to transactions in turn."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(client, address, servers), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)
