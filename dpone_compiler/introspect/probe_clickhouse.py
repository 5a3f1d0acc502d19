"""Whether a ClickHouse server is ready for a load: tables, staging database, mutations that are still under way."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.introspect.clickhouse import Session
from dpone_compiler.introspect.probe import FAILED, PASSED, UNKNOWN, Probe, verdict
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.sql.clickhouse_names import literal
from dpone_compiler.sql.render import frame

_DEFAULT_DATABASE = "default"


def probe_target(session: Session, table: TableRef, staging_schema: str) -> Iterator[Probe]:
    """What can be asked without writing."""
    database = table.schema or _DEFAULT_DATABASE
    there = _count(
        session, "SELECT count() FROM system.tables WHERE database = <<d>> AND name = <<t>>", database, table
    )
    yield verdict("target table", there > 0, f"{table} is there", f"{table} is not there")
    # A probe that does not write cannot know: grants of roles and quotas are not in one table on every version.
    yield Probe("target write permission", UNKNOWN, "ClickHouse has no question for it on every version; see setup/")
    unfinished = "SELECT count() FROM system.mutations WHERE database = <<d>> AND table = <<t>> AND is_done = 0"
    waiting = _count(session, unfinished, database, table)
    yield verdict("target lock risk", not waiting, "no mutation is under way", f"{waiting} mutations are not done yet")
    staging = staging_schema or database
    rows = session.run(
        frame("SELECT engine FROM system.databases WHERE name = <<d>>", d=literal(staging)).text, {}
    ).rows
    status = PASSED if rows else FAILED
    yield Probe(
        "staging schema", status, f"{staging} is {'there' if rows else 'not there; setup/ of the bundle makes it'}"
    )


def _count(session: Session, query: str, database: str, table: TableRef) -> int:
    rows = session.run(frame(query, d=literal(database), t=literal(table.name)).text, {}).rows
    return int(rows[0][0] or 0) if rows else 0
