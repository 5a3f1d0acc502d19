"""The settings that a long statement needs before it is parsed.

ClickHouse parses `max_query_size` bytes of a statement (262,144 by default) and up to `max_ast_elements` (50,000) parts of it, and both
count before a SETTINGS clause is read. One digest over 2,000 columns is longer. Shorter statements send neither, so that a user whose
profile forbids settings needs none: https://clickhouse.com/docs/operations/settings/settings#max_query_size
"""

from __future__ import annotations

_LONG = 100 << 10  # bytes: far below the limit, for a server may count more than was sent


def room_for(statement: str) -> dict[str, str]:
    """Settings to send beside the statement; empty when the server's own limits do."""
    size = len(statement.encode("utf-8", "surrogatepass"))
    if size < _LONG:
        return {}
    return {"max_query_size": str(size * 2), "max_ast_elements": str(size), "max_expanded_ast_elements": str(size * 2)}
