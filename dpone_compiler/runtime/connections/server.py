"""Which server a session speaks to, whatever address and port led there."""

from __future__ import annotations

from dpone_compiler.artifacts.session_settings import CLICKHOUSE_SERVER
from dpone_compiler.runtime.connections.session import EngineError, Session


def server_of(session: Session) -> str:
    """A text that is one for the native and the HTTP port of a ClickHouse server, and another for each server; '' when not known."""
    if session.engine != "clickhouse":
        return ""
    try:
        rows = session.run(CLICKHOUSE_SERVER, {}).rows
    except EngineError:  # a user without the right to look
        return ""
    return str(rows[0][0]) if rows else ""
