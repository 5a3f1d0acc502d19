"""The state of a load on ClickHouse: an append-only table, the row with the highest `seq` is the state.

There are no transactions, locks or fencing: a row is appended only while no higher fencing token is recorded, which stops a
zombie that comes late, not two runs at the very same moment. The executor's file lock serialises one host.
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View
from dpone_compiler.plan import subject as told
from dpone_compiler.plan.step import Plan
from dpone_compiler.sql.clickhouse_names import ident, literal, qualified
from dpone_compiler.sql.render import Sql, frame, join

# (name, type, is carried from the last row)
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("load", "String"),
    ("seq", "UInt64"),
    ("fence", "UInt64"),
    ("lease_owner", "String"),
    ("lease_until", "String"),
    ("lease_backend", "String"),
    ("lease_backend_start", "String"),
    ("attempt", "UInt64"),
    ("run_id", "String"),
    ("phase", "String"),
    ("fingerprint", "String"),
    ("window_low", "String"),
    ("window_high", "String"),
    ("partitions", "String"),
    ("rows_staged", "UInt64"),
    ("digest", "String"),
    ("watermark", "String"),
    ("committed_run_id", "String"),
    ("rows_applied", "UInt64"),
    ("adopted", "UInt8"),
    ("updated_at", "DateTime"),
    ("staging_uuid", "String"),
    ("target", "String"),  # what the row speaks of; '' before the first commit
    ("source", "String"),
    ("rewritten", "String"),  # the run whose rewrite table is complete
)
# insert_deduplicate: two runs may append equal rows, and a replicated table would drop the second one.
PINNED = "async_insert = 0, insert_deduplicate = 0"


def create_database(name: str) -> Sql:
    """DDL of a database."""
    return frame("CREATE DATABASE IF NOT EXISTS <<name>>", name=ident(name))


def create_table(seen: View) -> Sql:
    """DDL of the state table."""
    listed = [frame("    <<name>> <<type>>", name=ident(name), type=Sql(kind)) for name, kind in _COLUMNS]
    return frame(
        "CREATE TABLE IF NOT EXISTS <<table>>\n(\n<<columns>>\n)\nENGINE = MergeTree\nORDER BY (load, seq)",
        table=qualified(seen.state),
        columns=join(",\n", listed),
    )


def last_row(seen: View) -> Sql:
    """A subquery of exactly one row: every column as `s_<name>`, and `s_rows` (0: no state yet, all others defaults)."""
    picked = [
        frame("argMax(<<name>>, seq) AS <<alias>>", name=ident(name), alias=ident(f"s_{name}"))
        for name, _ in _COLUMNS
        if name not in {"load", "seq", "updated_at"}
    ]
    return frame(
        "SELECT count() AS s_rows, max(seq) AS s_seq, <<picked>> FROM <<table>> WHERE load = <<load>>",
        picked=join(", ", picked),
        table=qualified(seen.state),
        load=literal(seen.load.name),
    )


def value(seen: View, column: str) -> Sql:
    """A scalar subquery: the state's value of a column."""
    return frame(
        "(SELECT argMax(<<column>>, seq) FROM <<table>> WHERE load = <<load>>)",
        column=ident(column),
        table=qualified(seen.state),
        load=literal(seen.load.name),
    )


def elsewhere(seen: View, plan: Plan) -> Sql:
    """Whether the state, as `last_row` gives it, speaks of other tables than the plan."""
    said = subject(seen, plan)
    target = frame("(s_target != '' AND s_target != <<target>>)", target=said["target"])
    if "source" not in said:
        return target
    return frame(
        "(<<target>> OR (s_watermark != '' AND s_source != '' AND s_source != <<source>>))",
        target=target,
        source=said["source"],
    )


def subject(seen: View, plan: Plan) -> dict[str, Sql]:
    """What the state speaks of from now on: column -> value."""
    return {column: literal(text) for column, text in told.subject(seen.load, plan).items()}


def append(seen: View, **changed: Sql) -> Sql:
    """INSERT of the next state row: the last one with some columns changed. A newer fencing token makes it fail."""
    values = {
        "load": literal(seen.load.name),
        "seq": Sql("s_seq + 1"),
        "fence": Sql("toUInt64({fence:String})"),
        "updated_at": Sql("now()"),
        **changed,
    }
    picked = [
        frame("<<value>> AS <<name>>", value=values.get(name, ident(f"s_{name}")), name=ident(f"n_{name}"))
        for name, _ in _COLUMNS
    ]
    return frame(
        "INSERT INTO <<table>> (<<names>>)<<pinned>>\nSELECT <<picked>>\nFROM (<<last>>)\nWHERE <<fenced>>",
        table=qualified(seen.state),
        names=join(", ", [ident(name) for name, _ in _COLUMNS]),
        pinned=seen.pinned(PINNED),
        picked=join(", ", picked),
        last=last_row(seen),
        fenced=seen.stop_if(
            Sql("s_fence > toUInt64({fence:String})"),
            "DP410: another run has taken this load; its fencing token is higher",
        ),
    )


def command(seen: View, allowed: Sql, tag: Sql, **changed: Sql) -> Sql:
    """INSERT of the next state row with a higher fencing token, or of nothing where `allowed` does not hold. `tag` marks it."""
    values = {
        "load": literal(seen.load.name),
        "seq": Sql("s_seq + 1"),
        "fence": Sql("s_fence + 1"),
        "lease_backend": tag,
        "updated_at": Sql("now()"),
        **changed,
    }
    picked = [
        frame("<<value>> AS <<name>>", value=values.get(name, ident(f"s_{name}")), name=ident(f"n_{name}"))
        for name, _ in _COLUMNS
    ]
    return frame(
        "INSERT INTO <<table>> (<<names>>)<<pinned>>\nSELECT <<picked>>\nFROM (<<last>>)\nWHERE <<allowed>>",
        table=qualified(seen.state),
        names=join(", ", [ident(name) for name, _ in _COLUMNS]),
        pinned=seen.pinned(PINNED),
        picked=join(", ", picked),
        last=last_row(seen),
        allowed=allowed,
    )
