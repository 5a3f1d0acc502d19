"""TLS in front of a server that speaks none: it notes how each connection opens, and passes what is inside on."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

HELLO = b"\x16\x03"  # a record of the handshake, of any version (RFC 8446, 5.1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One that signs itself, for this host; `path` is also what a client trusts."""

    path: Path
    key: Path


def certificate(folder: Path, name: str = "ours") -> Certificate:
    """Make one by the openssl program."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    argv = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    names = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    subprocess.run((*argv, *names, "-out", made.path, "-keyout", made.key), check=True, capture_output=True)
    return made


class TlsStandIn:
    """`openings`: the first two bytes of each connection. `port`: where it listens; `to`: where the bytes inside go."""

    def __init__(self, to: int, shown: Certificate) -> None:
        self._to = to
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(shown.path, shown.key)
        self.openings: list[bytes] = []
        self.heard: list[bytes] = []  # what clients said inside
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for each in (self._server, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        self._sockets.append(plain)
        with contextlib.suppress(OSError):
            self.openings.append(plain.recv(2, socket.MSG_PEEK))
            inside = self._context.wrap_socket(plain, server_side=True)
            beyond = socket.create_connection(("127.0.0.1", self._to))
            self._sockets += (inside, beyond)
            threading.Thread(target=self._pass, args=(beyond, inside, []), daemon=True).start()
            self._pass(inside, beyond, self.heard)

    @staticmethod
    def _pass(read: socket.socket, write: socket.socket, heard: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := read.recv(65536):
                heard.append(data)
                write.sendall(data)
        for each in (read, write):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
