"""Comparing a whole source with the target: keys that it lacks, rows that differ, the guard of deletions, and the proof."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.digest import row_text
from dpone_compiler.backends.clickhouse.keys import key_in, key_missing
from dpone_compiler.backends.clickhouse.marks import mark_value, no_mark, unmarked, unwritable
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.backends.clickhouse.staging_steps import PINNED_SELECT
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.snapshot_actions import BuildDiff, CheckDeletes, FindMissing, ProveMissing
from dpone_compiler.plan.staging import Staging
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import columns, literal, number, qualified
from dpone_compiler.sql.render import Sql, frame, join


def find_missing(ctx: Context, action: FindMissing) -> Lowered:
    """INSERT of the keys, a row of the target each."""
    seen = view(ctx)
    body = frame(
        "INSERT INTO <<missing>> (<<key>>)<<pinned>>\nSELECT <<key>> FROM <<target>> WHERE <<gone>><<living>>",
        missing=staging_table(ctx, action.missing),
        key=columns(action.key),
        pinned=seen.pinned(PINNED_SELECT),
        target=qualified(seen.target),
        gone=gone(ctx, action.staging, action.key, keep_when_empty=action.keep_when_empty),
        living=_and_unmarked(action.mark),
    )
    return Lowered(op="sql", bodies={"main": body.text})


def check_deletes(ctx: Context, action: CheckDeletes) -> Lowered | Unsupported:
    """DP507. Missing keys were collected before; what lives is counted now, when nothing has changed yet."""
    if action.missing is None:
        return Unsupported("missing keys are counted where they were collected")
    seen = view(ctx)
    # Names of our own: an alias hides a column of the same name.
    limits = [frame("dponec_gone > <<most>>", most=number(action.rows))] if action.rows is not None else []
    if action.ratio is not None:
        limits.append(frame("dponec_gone > <<share>> * dponec_living", share=Sql(format(action.ratio, "f"))))
    body = frame(
        "SELECT 'DP507' AS code, concat(toString(dponec_gone), ' of ', toString(dponec_living), <<allowed>>) AS detail, "
        "dponec_gone AS count FROM (SELECT (SELECT count() FROM <<missing>>) AS dponec_gone, count() AS dponec_living "
        "FROM <<target>><<living>>) WHERE <<limits>>",
        allowed=literal(" rows of the target would go, which is more than the plan allows"),
        missing=staging_table(ctx, action.missing),
        target=qualified(seen.target),
        living=frame(" WHERE <<unmarked>>", unmarked=unmarked(action.mark)) if action.mark is not None else Sql(""),
        limits=join(" OR ", limits),
    )
    return Lowered(op="check", bodies={"main": body.text})


def build_diff(ctx: Context, action: BuildDiff) -> Lowered | Unsupported:
    """Staged rows that no living row of the target equals in every column, and copies of missing rows with their mark."""
    seen, mark = view(ctx), action.mark
    if mark is not None and (why := unwritable(mark)):
        return Unsupported(why)
    loaded = tuple(moved.target.name for moved in action.staging.columns)
    text = _comparable(seen, row_text(action.staging.columns, "target"))
    listed = columns((*loaded, *((mark.name,) if mark is not None else ())))
    pieces = [
        frame(
            "SELECT <<loaded>><<none>> FROM <<staging>> WHERE <<text>> NOT IN (SELECT <<text>> FROM <<target>><<living>>)",
            loaded=columns(loaded),
            none=frame(", <<none>>", none=no_mark(mark)) if mark is not None else Sql(""),
            staging=staging_table(ctx, action.staging),
            text=text,
            target=qualified(seen.target),
            living=frame(" WHERE <<unmarked>>", unmarked=unmarked(mark)) if mark is not None else Sql(""),
        )
    ]
    if mark is not None and action.missing is not None:
        pieces.append(
            frame(
                "SELECT <<loaded>>, <<mark>> FROM <<target>> WHERE <<missing>><<living>>",
                loaded=columns(loaded),
                mark=mark_value(seen, mark),
                target=qualified(seen.target),
                missing=key_in(seen, action.key, (staging_table(ctx, action.missing),)),
                living=_and_unmarked(mark),
            )
        )
    body = frame(
        "INSERT INTO <<diff>> (<<listed>>)<<pinned>>\n<<pieces>>",
        diff=staging_table(ctx, action.diff),
        listed=listed,
        pinned=seen.pinned(PINNED_SELECT),
        pieces=join("\nUNION ALL ", pieces),
    )
    return Lowered(op="sql", bodies={"main": body.text})


def prove_missing(ctx: Context, action: ProveMissing) -> Lowered:
    """DP510 when a missing key is left, without its mark where there is one, or when a staged key is marked."""
    seen, mark = view(ctx), action.mark
    left = gone(ctx, action.staging, action.key, keep_when_empty=action.keep_when_empty)
    if mark is None:
        pieces = [_none(seen, left, "rows of the target have a key that the source lacks")]
    else:
        bare = frame("<<left>><<living>>", left=left, living=_and_unmarked(mark))
        present = frame(
            "<<staged>> AND NOT (<<unmarked>>)",
            staged=key_in(seen, action.key, (staging_table(ctx, action.staging),)),
            unmarked=unmarked(mark),
        )
        pieces = [
            _none(seen, bare, "rows that the source lacks are not marked"),
            _none(seen, present, "rows of the target are marked, and the source has their key"),
        ]
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def gone(ctx: Context, staging: Staging, key: tuple[str, ...], *, keep_when_empty: bool) -> Sql:
    """The row has a key, and staging has not."""
    seen, rows = view(ctx), staging_table(ctx, staging)
    missing = key_missing(seen, key, (rows,))
    if not keep_when_empty:
        return missing
    return frame("<<missing>> AND (SELECT count() FROM <<rows>>) > 0", missing=missing, rows=rows)


def _comparable(seen: View, text: Sql) -> Sql:
    """The whole text, or 16 bytes of it: a set of every row of the target is held in memory."""
    if seen.load.write.snapshot.compare == "all_columns":
        return text
    return frame("MD5(<<text>>)", text=text)


def _and_unmarked(mark: Column | None) -> Sql:
    return frame(" AND <<unmarked>>", unmarked=unmarked(mark)) if mark is not None else Sql("")


def _none(seen: View, where: Sql, what: str) -> Sql:
    return frame(
        "SELECT 'DP510' AS code, <<what>> AS detail, found AS count "
        "FROM (SELECT count() AS found FROM <<target>> WHERE <<where>>) WHERE found > 0",
        what=literal(what),
        target=qualified(seen.target),
        where=where,
    )
