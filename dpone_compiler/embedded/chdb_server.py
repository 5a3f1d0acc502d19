"""ClickHouse's HTTP interface in front of chDB, in a process of its own.

``python -m dpone_compiler.embedded.chdb_server --data-dir D --port 0 --port-file F``. chDB allows one process for a
folder, so several clients of one folder need this server between them.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from dpone_compiler.embedded.chdb_session import Engine, Reply, summary_header
from dpone_compiler.embedded.http_body import BadRequest
from dpone_compiler.embedded.http_request import read_request

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: .*", re.DOTALL)
# Those of exceptionCodeToHTTPStatus in ClickHouse's src/Server/HTTP/exceptionCodeToHTTPStatus.cpp that a test may meet.
_STATUS = {"27": 400, "62": 400, "117": 400, "53": 400, "456": 400, "457": 400, "46": 404, "47": 404, "50": 404,
           "60": 404, "81": 404, "115": 404, "48": 501}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers one client."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_GET(self) -> None:
        """A query in the address; ``/ping`` and ``/`` say that the server is there."""
        address = urlsplit(self.path)
        if address.path in ("/ping", "/replicas_status") or not address.query:
            self._send(200, b"Ok.\n")
            return
        self._answer()

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """A query in the address, in the body, or its beginning in one and its rest in the other."""
        self._answer()

    do_PUT = do_POST

    def _answer(self) -> None:
        started, request = False, None
        try:
            request = read_request(self)
            with self.engine.run(request) as reply:
                first = next(reply.pieces, b"")
                started = True
                self._stream(reply, first)
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True
        except BadRequest as error:
            self._fail(started, "36", f"Code: 36. DB::Exception: {error}. (BAD_ARGUMENTS)\n")
        except Exception as error:
            if request:
                request.body.drain()
            found = _CODE.search(str(error))
            self._fail(started, found[1] if found else "1002", (found[0] if found else str(error)).rstrip() + "\n")

    def _stream(self, reply: Reply, first: bytes) -> None:
        self.send_response(200)
        self.send_header("X-ClickHouse-Summary", summary_header(reply))
        self.send_header("X-ClickHouse-Format", reply.format)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in chain((first,), reply.pieces):
            self._write_chunk(piece)
        self.wfile.write(b"0\r\n\r\n")

    def _write_chunk(self, piece: bytes) -> None:
        if piece:
            self.wfile.write(b"%x\r\n" % len(piece))
            self.wfile.write(piece)
            self.wfile.write(b"\r\n")

    def _fail(self, started: bool, code: str, message: str) -> None:
        """Say what is wrong; after the first byte of a result only a broken stream can say it."""
        self.close_connection = True
        if started:
            self._write_chunk(message.encode())
            return
        self._send(
            _STATUS.get(code, 500), message.encode(), ("X-ClickHouse-Exception-Code", code), ("Connection", "close")
        )

    def _send(self, status: int, text: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of requests: their addresses hold queries."""


class Server(ThreadingHTTPServer):
    """A thread for each client."""

    daemon_threads = True
    request_queue_size = 128

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a client; answers are small, so they must not wait for a full packet."""
        client, address = super().get_request()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, address


def main(words: list[str] | None = None) -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="chdb_server")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    chosen = parser.parse_args(words)
    server = Server(("127.0.0.1", chosen.port), Handler)
    Handler.engine = Engine(chosen.data_dir)
    # chDB's own end of process may wait for its threads; its parts are on disk already.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if chosen.port_file:
        fresh = chosen.port_file.with_suffix(".new")
        fresh.write_text(f"{server.server_port}\n", encoding="ascii")
        fresh.replace(chosen.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
