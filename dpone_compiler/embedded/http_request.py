"""A request of ClickHouse's HTTP interface as a value: query, settings, parameters and a body that streams.

https://clickhouse.com/docs/interfaces/http
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from dpone_compiler.embedded.http_body import BadRequest, Body, Chunked, Counted, Source

_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Keys that speak about the connection, not about the query.
_RESERVED = frozenset({
    "query", "database", "default_format", "user", "password", "quota_key", "role", "query_id", "stacktrace",
    "client_protocol_version", "compress", "decompress", "session_id", "session_timeout", "session_check",
    "close_session", "buffer_size", "wait_end_of_query",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks for."""

    query: str
    database: str
    default_format: str
    session: str
    settings: Mapping[str, str]
    params: Mapping[str, str]
    body: Body
    readonly: bool


def read_request(handler: BaseHTTPRequestHandler) -> Request:
    """Understand a request; its body is not read yet."""
    encoding = handler.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise BadRequest(f"Content-Encoding {encoding} is not supported by the embedded server")
    pairs = dict(parse_qsl(urlsplit(handler.path).query, keep_blank_values=True))
    settings = {name: value for name, value in pairs.items() if not name.startswith("param_") and name not in _RESERVED}
    for name in settings:
        if not _SETTING.match(name):
            raise BadRequest(f"{name!r} is no setting")
    params = {name.removeprefix("param_"): value for name, value in pairs.items() if name.startswith("param_")}
    for name in params:
        if not _SETTING.match(name):
            raise BadRequest(f"{name!r} is no parameter")
    return Request(
        query=pairs.get("query", ""),
        database=pairs.get("database", "") or handler.headers.get("X-ClickHouse-Database", ""),
        default_format=pairs.get("default_format", "") or handler.headers.get("X-ClickHouse-Format", "TabSeparated"),
        session=pairs.get("session_id", ""),
        settings=settings,
        params=params,
        body=Body(_body_of(handler)),
        readonly=handler.command == "GET",
    )


def _body_of(handler: BaseHTTPRequestHandler) -> Source:
    if "chunked" in handler.headers.get("Transfer-Encoding", "").lower():
        return Chunked(handler.rfile)
    return Counted(handler.rfile, int(handler.headers.get("Content-Length") or 0))
