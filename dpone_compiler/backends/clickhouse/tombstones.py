"""Rows that the source has deleted and still holds: refused when they also live, forgotten by a version that says so, proved gone."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.keys import key_in
from dpone_compiler.backends.clickhouse.marks import mark_value, unmarked, unwritable
from dpone_compiler.backends.clickhouse.partition_key import replacing_refusal
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.backends.clickhouse.proof_steps import replacing
from dpone_compiler.backends.clickhouse.staging_steps import PINNED_SELECT
from dpone_compiler.plan.tombstones import CheckTombstones, MarkDeleted, ProveDeleted
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import columns, literal, qualified
from dpone_compiler.sql.render import Sql, frame, join


def check_tombstones(ctx: Context, action: CheckTombstones) -> Lowered:
    """DP504."""
    seen = view(ctx)
    body = frame(
        "SELECT 'DP504' AS code, 'keys are staged as deleted and as living' AS detail, found AS count "
        "FROM (SELECT count() AS found FROM <<staging>> WHERE <<both>>) WHERE found > 0",
        staging=staging_table(ctx, action.staging),
        both=key_in(seen, action.key, (staging_table(ctx, action.left),)),
    )
    return Lowered(op="check", bodies={"main": body.text})


def mark_deleted(ctx: Context, action: MarkDeleted) -> Lowered | Unsupported:
    """A row of key, version and mark: the engine takes the newest of a key, and with is_deleted a reader by FINAL sees none.

    https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree#is_deleted
    """
    if not action.version:
        return Unsupported("an UPDATE is a mutation that rewrites whole parts; rows are marked in rewritten partitions")
    seen = view(ctx)
    if seen.structure is None or not replacing(seen):
        return Unsupported(
            "the target is not known to be a ReplacingMergeTree, so a second version would be a second row"
        )
    if why := replacing_refusal(seen.structure, action.key, seen.target_columns) or unwritable(action.mark):
        return Unsupported(why)
    written = tuple(dict.fromkeys((*action.key, action.version)))
    body = frame(
        "INSERT INTO <<target>> (<<all>>)<<pinned>>\nSELECT <<written>>, <<mark>> FROM <<left>>",
        target=qualified(seen.target),
        all=columns((*written, action.mark.name)),
        pinned=seen.pinned(PINNED_SELECT),
        written=columns(written),
        mark=mark_value(seen, action.mark),
        left=staging_table(ctx, action.staging),
    )
    seen_by = "a query with FINAL sees the deleted rows until the statement ends, one without it until parts are merged"
    return Lowered(op="sql", bodies={"main": body.text}, visibility={"any": seen_by})


def prove_deleted(ctx: Context, action: ProveDeleted) -> Lowered:
    """DP510 when a deleted key is left, without its mark where there is one, or when a staged key is marked."""
    seen = view(ctx)
    left = key_in(seen, action.key, (staging_table(ctx, action.left),))
    if action.mark is None:
        pieces = [_none(seen, left, "rows of the target have a key that the source has deleted")]
    else:
        staged = key_in(seen, action.key, (staging_table(ctx, action.staging),))
        bare = frame("<<left>> AND <<unmarked>>", left=left, unmarked=unmarked(action.mark))
        alive = frame("<<staged>> AND NOT (<<unmarked>>)", staged=staged, unmarked=unmarked(action.mark))
        pieces = [
            _none(seen, bare, "rows that the source has deleted are not marked"),
            _none(seen, alive, "rows of the target are marked, and the source has their key"),
        ]
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def _none(seen: View, where: Sql, what: str) -> Sql:
    return frame(
        "SELECT 'DP510' AS code, <<what>> AS detail, found AS count "
        "FROM (SELECT count() AS found FROM <<target>><<final>> WHERE <<where>>) WHERE found > 0",
        what=literal(what),
        target=qualified(seen.target),
        final=Sql(" FINAL") if replacing(seen) else Sql(""),
        where=where,
    )
