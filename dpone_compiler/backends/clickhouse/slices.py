"""The slices of a backfill on ClickHouse: an append-only table of those that are loaded, beside the state table.

A slice is noted after its proof and before the state row says committed: a run that stops between the two does its slice again,
which changes nothing, and notes it a second time, which is read as once.
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.backends.clickhouse.scope import inside_scope
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.slice_actions import CheckSliceFilled, NextSlice, RecordSlice, SliceAction
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.clickhouse_names import literal, number, qualified
from dpone_compiler.sql.render import Sql, frame, join


def lower_slice(ctx: Context, action: SliceAction) -> Lowered:
    """How a step of a backfill is done."""
    match action:
        case NextSlice():
            return _next_slice(ctx, action)
        case CheckSliceFilled():
            return _check_slice_filled(ctx, action)
        case RecordSlice():
            return _record_slice(ctx, action)


def _next_slice(ctx: Context, action: NextSlice) -> Lowered:
    """The first slice that is not noted; no row when all are."""
    seen = view(ctx)
    slices = [
        frame("(<<at>>, <<low>>, <<high>>)", at=number(at), low=literal(low), high=literal(high))
        for at, (low, high) in enumerate(action.slices.pairs(), start=1)
    ]
    body = frame(
        "SELECT argMin(low, at) AS window_low, argMin(high, at) AS window_high, toString(count() - 1) AS slices_left\n"
        "FROM (SELECT slice.1 AS at, slice.2 AS low, slice.3 AS high FROM (SELECT arrayJoin([\n<<slices>>\n]) AS slice))\n"
        "WHERE (low, high) NOT IN (SELECT window_low, window_high FROM <<noted>> WHERE load = <<load>> AND backfill = <<backfill>>)\n"
        "HAVING count() > 0",
        slices=join(",\n", slices),
        noted=qualified(noted(seen)),
        load=literal(seen.load.name),
        backfill=literal(action.backfill),
    )
    return Lowered(op="query", bodies={"main": body.text}, captures=("window_low", "window_high", "slices_left"))


def _check_slice_filled(ctx: Context, action: CheckSliceFilled) -> Lowered:
    """DP502. Whole partitions may be staged although the slice itself has no row."""
    body = frame(
        "SELECT 'DP502' AS code, 'the source gave no row of the slice' AS detail, held AS count "
        "FROM (SELECT count() AS held FROM <<table>> WHERE <<inside>>) WHERE held = 0",
        table=staging_table(ctx, action.staging),
        inside=inside_scope(view(ctx), action.scope),
    )
    return Lowered(op="check", bodies={"main": body.text})


def _record_slice(ctx: Context, action: RecordSlice) -> Lowered:
    """A row of the run that staged it; a newer fencing token makes it fail."""
    seen = view(ctx)
    stopped = seen.stop_if(
        Sql("s_fence > toUInt64({fence:String})"),
        "DP410: another run has taken this load; its fencing token is higher",
    )
    proved = seen.stop_if(
        Sql("s_run_id != {run_id:String} OR s_phase NOT IN ('staged', 'committed')"),
        "DP511: the state row is not the staged attempt of this run",
    )
    body = frame(
        "INSERT INTO <<noted>> (load, backfill, window_low, window_high, run_id, recorded_at)<<pinned>>\n"
        "SELECT <<load>> AS n_load, <<backfill>> AS n_backfill, {window_low:String} AS n_low, {window_high:String} AS n_high, "
        "{run_id:String} AS n_run, now() AS n_at\nFROM (<<last>>)\nWHERE <<stopped>> AND <<proved>>",
        noted=qualified(noted(seen)),
        pinned=seen.pinned(state.PINNED),
        load=literal(seen.load.name),
        backfill=literal(action.backfill),
        last=state.last_row(seen),
        stopped=stopped,
        proved=proved,
    )
    return Lowered(op="sql", bodies={"main": body.text})


def create_table(seen: View) -> Sql:
    """DDL of the table of slices."""
    return frame(
        "CREATE TABLE IF NOT EXISTS <<noted>>\n(\n    load String,\n    backfill String,\n    window_low String,\n"
        "    window_high String,\n    run_id String,\n    recorded_at DateTime\n)\nENGINE = MergeTree\n"
        "ORDER BY (load, backfill, window_low)",
        noted=qualified(noted(seen)),
    )


def noted(seen: View) -> TableRef:
    """The table of loaded slices."""
    return TableRef(seen.state.schema, "dponec_slices")
