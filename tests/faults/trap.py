"""A TCP proxy that stops the world at a named statement: it has reached the server, and its answer reaches nobody.

Killing the client there is a kill *inside* the statement, exactly; a timer would only hope for it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import quote_plus


def marker(step: str, part: str = "", *, url: bool = False) -> bytes:
    """The header line of a step's file, as it stands on the wire. `url`: inside a URL, where ClickHouse's INSERTs go."""
    line = f"-- step {step}" + (f" ({part})" if part else "") + "\n"
    return (quote_plus(line) if url else line).encode()


class Trap:
    """Forwards every connection to `port`, until one of them has sent `markers` one after another, then `extra` bytes.

    Then nothing passes on that connection, either way, until `release` or `cut`. `fired` is set when the bytes are with
    the server, `answered` when the server has answered to them.
    """

    def __init__(self, port: int, *markers: bytes, extra: int = 0) -> None:
        self._to, self._markers, self._extra = port, markers, extra
        self.fired, self.answered = threading.Event(), threading.Event()
        self._released, self._armed = threading.Event(), threading.Lock()
        self._holding: _Wire | None = None
        self._wires: list[_Wire] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def release(self) -> None:
        """Let everything pass from now on."""
        self._released.set()

    def cut(self) -> None:
        """Break the trapped connection on both sides."""
        if self._holding is not None:
            self._holding.close()
        self._released.set()

    def close(self) -> None:
        """Break every connection and listen no more."""
        self._closed = True
        self._server.close()
        for wire in self._wires:
            wire.close()
        self._released.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            try:
                wire = _Wire(client, socket.create_connection(("127.0.0.1", self._to)))
            except OSError:
                client.close()
                continue
            self._wires.append(wire)
            threading.Thread(target=self._up, args=(wire,), daemon=True).start()
            threading.Thread(target=self._down, args=(wire,), daemon=True).start()

    def _up(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError):
            while data := wire.client.recv(65536):
                if self._released.is_set() or self._holding is not None:
                    wire.server.sendall(data)
                    continue
                passed = wire.scan(data, self._markers, self._extra)
                if passed is None:
                    wire.server.sendall(data)
                    continue
                self._holding = wire
                wire.server.sendall(data[:passed])
                self.fired.set()
                if data[passed:]:
                    self._released.wait()
                    wire.server.sendall(data[passed:])
        wire.close()

    def _down(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError):
            while data := wire.server.recv(65536):
                if self._holding is wire:
                    self.answered.set()
                    self._released.wait()
                wire.client.sendall(data)
        wire.close()


class _Wire:
    """One connection: its two sockets, and how much of the markers it has sent."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self._tail, self._next, self._left = b"", 0, -1

    def scan(self, data: bytes, markers: tuple[bytes, ...], extra: int) -> int | None:
        """How many bytes of `data` may pass when the trap closes in it, else None."""
        start = 0
        if self._left < 0:
            window = self._tail + data
            at = 0
            while self._next < len(markers) and (found := window.find(markers[self._next], at)) >= 0:
                at = found + len(markers[self._next])
                self._next += 1
            self._tail = window[max(at, len(window) - 400) :]
            if self._next < len(markers):
                return None
            if not extra:
                return len(data)
            self._left, start = extra, max(0, at - (len(window) - len(data)))
        room = len(data) - start
        if room < self._left:
            self._left -= room
            return None
        return start + self._left

    def close(self) -> None:
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
