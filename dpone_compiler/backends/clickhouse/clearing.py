"""Parts that a restart would read again: which of them are left, and how old servers are made to remove them."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.profile import View, view
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.clickhouse_names import literal, qualified
from dpone_compiler.sql.render import Sql, frame

# Parts that REPLACE or DROP PARTITION took out go within seconds, the parts that these were merged from after old_parts_lifetime,
# which is 480 seconds (clickhouse.com/docs/operations/settings/merge-tree-settings#old_parts_lifetime).
_MAX_SECONDS = 900


def await_cleared(ctx: Context) -> Lowered:
    """Rows come back while there are parts for them on the disk that no other part covers.

    Before 26.6 nothing covers the parts that were replaced (github.com/ClickHouse/ClickHouse/issues/107605). 18.16 removes them
    at its next round, up to ten seconds later, and at once when any partition is detached [run]. A replicated table has its list
    of parts elsewhere.
    """
    seen = view(ctx)
    bodies = {"query": _kept(seen).text}
    if seen.legacy:
        # No partition has this id: numbers are written without leading zeros, and months are six digits from 197001 on.
        bodies["body"] = frame(
            "ALTER TABLE <<target>> DETACH PARTITION ID '000000'", target=qualified(seen.target)
        ).text
    return Lowered(
        op="await",
        bodies=bodies,
        max_seconds=_MAX_SECONDS,
        locks=("stops running merges of the target for a moment; they begin again",) if seen.legacy else (),
    )


def may_return(seen: View) -> Sql:
    """Why rows that the unfinished attempt {run_id} replaced may be back or may come back yet; no row when they cannot.

    `restarted`: the server was started after the staging was proved, and only what follows that replaces anything. `kept`: the
    parts are still on the disk. The clock is the server's own, in whole seconds, so a start of one second before counts as one after.
    """
    return frame(
        "SELECT why, detail FROM (SELECT 'restarted' AS why, '' AS detail FROM system.one "
        "WHERE (SELECT min(updated_at) FROM <<state>> WHERE <<staged>>) <= now() - uptime() + 1\n"
        "UNION ALL SELECT 'kept' AS why, detail FROM (<<kept>>))\n"
        "WHERE (SELECT count() FROM <<state>> WHERE <<staged>>) > 0\n"
        "AND (SELECT s_run_id = {run_id:String} AND s_phase IN ('open', 'staged') FROM (<<last>>))\n"
        "ORDER BY why DESC LIMIT 1",
        state=qualified(seen.state),
        staged=frame("load = <<load>> AND run_id = {run_id:String} AND phase = 'staged'", load=literal(seen.load.name)),
        kept=_kept(seen),
        last=state.last_row(seen),
    )


def _kept(seen: View) -> Sql:
    return frame(
        "SELECT 'DP436' AS code, concat('partition ', id, ': the server still keeps parts whose rows were replaced') AS detail, "
        "count FROM (SELECT partition_id AS id, groupArray((min_block_number, max_block_number, level, "
        "_state IN ('Outdated', 'Deleting') AND rows > 0, name)) AS parts, "
        "arrayCount(p -> p.4 AND NOT arrayExists(q -> q.1 <= p.1 AND q.2 >= p.2 AND q.3 >= p.3 AND q.5 != p.5, parts), parts) "
        "AS count FROM system.parts WHERE database = <<database>> AND table = <<table>> AND engine NOT LIKE 'Replicated%' "
        "GROUP BY partition_id) WHERE count > 0 ORDER BY id LIMIT 1",
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
    )
