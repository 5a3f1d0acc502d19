"""Settings that both executors of a plan give their sessions, and what both ask of one."""

from __future__ import annotations

# The limits of a plan that are settings of a session, by engine; the others are read by bodies or by the runner.
SESSION_LIMITS = {"postgres": ("lock_timeout", "statement_timeout"), "mssql": ("lock_timeout",)}
# A ClickHouse user's profile may say `break`: a statement then ends early with a part of its rows, and without an error
# (clickhouse.com/docs/operations/settings/query-complexity).
OVERFLOWS = ("timeout", "read", "result", "set", "join", "group_by", "sort", "distinct", "transfer")
# Which ClickHouse server this is, whatever address and port led there. The database of the system tables has a folder of its own on
# every server; 18.16 knows no serverUUID().
CLICKHOUSE_SERVER = (
    "SELECT concat(hostName(), ' ', metadata_path) FROM system.databases WHERE name = 'system' AND metadata_path != ''"
)
