"""Captured changes on ClickHouse: checked, and collapsed into the rows that live and the keys that are gone."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.backends.clickhouse.keys import all_known, key_in, key_not_in
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.actions import Staging
from dpone_compiler.plan.changes import (
    KEPT,
    OPERATION,
    ORDER,
    PREFIX,
    UNCHANGED,
    incomplete,
    old_key,
    replicates,
    technical,
    wants_whole_rows,
)
from dpone_compiler.plan.feed_actions import CheckChanges, CollapseChanges
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.clickhouse_names import columns, ident, literal, qualified
from dpone_compiler.sql.clickhouse_types import is_nullable
from dpone_compiler.sql.render import Sql, frame, join

_FOUND = (
    "SELECT <<code>> AS code, <<detail>> AS detail, found AS count "
    "FROM (SELECT count() AS found FROM <<changes>> WHERE <<condition>>) WHERE found > 0"
)
_TIES = (
    "SELECT 'DP521' AS code, 'changes of one key have the same place in the order' AS detail, found AS count FROM (SELECT count() AS "
    "found FROM (SELECT 1 FROM <<changes>> WHERE <<keyed>> GROUP BY <<key>>, <<order>> HAVING count() > 1)) WHERE found > 0"
)
_UNKNOWN = (
    "SELECT 'DP523' AS code, 'rows have a large value that did not change and that the target does not hold: set REPLICA IDENTITY "
    "FULL on the source' AS detail, found AS count FROM (SELECT count() AS found FROM (<<last>>) "
    "WHERE __dponec_last_op != 'D' AND __dponec_last_kept = 't' AND (<<lacking>>) AND <<outside>>) WHERE found > 0"
)
# Of each key the last change after the last TRUNCATE, and of each column the last value that a change carried: an insert carries all,
# so nothing older than the row itself is taken. argMax passes over NULL, a tuple of it is not NULL.
_LAST = (
    "SELECT <<key>>, argMax(<<op>>, <<order>>) AS __dponec_last_op, argMax(<<kept>>, <<order>>) AS __dponec_last_kept, <<values>>\n"
    "FROM (SELECT * FROM <<changes>> WHERE <<counted>>)\nGROUP BY <<grouped>>"
)
_COUNTED = "<<keyed>> AND (<<none>> OR <<order>> > <<cut>>)"
# Deletes that are passed over take nothing away from a row that came before them, wherever the window was cut.
_LIVING = "<<op>> IN ('I', 'U') AND <<kept>> = 't'"
_CUT = "(SELECT max(<<order>>) FROM <<changes>> WHERE <<op>> IN ('T', 'R'))"
_NONE = "(SELECT count() FROM <<changes>> WHERE <<op>> IN ('T', 'R')) = 0"


def staged_columns(staging: Staging) -> tuple[MovedColumn, ...]:
    """The columns of a staging table. A captured delete has its key alone, so every column of `changes` holds NULL."""
    if staging.role != "changes":
        return staging.columns
    return tuple(replace(moved, target=_nullable(moved.target)) for moved in staging.columns)


def _nullable(column: Column) -> Column:
    if is_nullable(column.native) or column.name in (OPERATION, ORDER, KEPT, UNCHANGED):
        return column
    inner = column.native.removeprefix("LowCardinality(")
    wrapped = "Nullable(" + column.native + ")" if inner == column.native else "LowCardinality(Nullable(" + inner + ")"
    return replace(column, native=wrapped, nullable=True)


def check_changes(ctx: Context, action: CheckChanges) -> Lowered:
    """DP520 unknown operation, DP503 NULL in the key, DP521 tie, DP522 TRUNCATE, DP523 a row that is not whole where it must be."""
    changes = staging_table(ctx, action.changes)
    op = ident(OPERATION)
    keyed = frame("<<op>> NOT IN ('T', 'R')", op=op)
    null = join(" OR ", [frame("isNull(<<name>>)", name=ident(name)) for name in action.key])
    found = [
        (
            "DP520",
            "changes have an operation that is not known",
            frame("<<op>> NOT IN ('I', 'U', 'D', 'T', 'R')", op=op),
        ),
        ("DP503", "changes with a NULL key part", frame("<<keyed>> AND (<<null>>)", keyed=keyed, null=null)),
    ]
    if action.feed.truncate == "fail":
        found.append(
            ("DP522", "the source was truncated, and truncate: fail stops the run", frame("<<op>> = 'T'", op=op))
        )
    if replicates(ctx.load):
        # No statement of one table's rows in order changes that table here, so a chain of moves cannot be followed.
        moved = frame("isNotNull(<<old>>) AND <<mark>> != ''", old=ident(old_key(0)), mark=ident(UNCHANGED))
        found.append(
            (
                "DP523",
                "keys moved while a large value stayed where it was: set REPLICA IDENTITY FULL on the source",
                moved,
            )
        )
    if wants_whole_rows(ctx.load):
        found.append(
            (
                "DP523",
                "changes leave out a large value, and the target may hold what a row was before it left the filter: set REPLICA "
                "IDENTITY FULL on the source",
                frame("<<kept>> = 't' AND <<mark>> != ''", kept=ident(KEPT), mark=ident(UNCHANGED)),
            )
        )
    pieces = [
        frame(_FOUND, code=literal(code), detail=literal(detail), changes=changes, condition=condition)
        for code, detail, condition in found
    ]
    pieces.append(frame(_TIES, changes=changes, keyed=keyed, key=columns(action.key), order=ident(ORDER)))
    if replicates(ctx.load) and incomplete(action.changes.columns):
        pieces.append(_unknown(ctx, action))
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def _unknown(ctx: Context, action: CheckChanges) -> Sql:
    seen = view(ctx)
    lacking = [
        frame("<<n>> = 0", n=_count(at))
        for at, moved in enumerate(_loaded(action.changes))
        if moved in incomplete(action.changes.columns)
    ]
    key = columns(action.key)
    return frame(
        _UNKNOWN,
        last=_last(ctx, action),
        lacking=join(" OR ", lacking),
        outside=frame(
            "<<key>> NOT IN (SELECT <<known>> FROM <<target>>)",
            key=key if len(action.key) == 1 else frame("(<<key>>)", key=key),
            known=join(", ", [_plain(seen, name) for name in action.key]),
            target=qualified(seen.target),
        ),
    )


def collapse_changes(ctx: Context, action: CollapseChanges) -> Lowered:
    """INSERT of the collapsed rows, or of the keys that are gone."""
    body = _rows(ctx, action) if action.into == "rows" else _left(ctx, action)
    return Lowered(op="sql", bodies={"main": body.text})


def _rows(ctx: Context, action: CollapseChanges) -> Sql:
    seen = view(ctx)
    loaded = _loaded(action.changes)
    kept = replicates(ctx.load) and bool(incomplete(action.changes.columns))
    values = [_value(action, moved, at, joined=kept) for at, moved in enumerate(loaded)]
    stored = Sql("")
    if kept:
        names = [
            *action.key,
            *(m.target.name for m in incomplete(action.changes.columns) if m.target.name not in action.key),
        ]
        renamed = [frame("<<name>> AS <<alias>>", name=_plain(seen, k), alias=ident(k)) for k in action.key]
        renamed += [
            frame("<<name>> AS <<alias>>", name=ident(n), alias=ident(PREFIX + "t_" + n))
            for n in names[len(action.key) :]
        ]
        stored = frame(
            "\nANY LEFT JOIN (SELECT <<names>> FROM <<target>> WHERE <<wanted>>) AS t USING (<<key>>)",
            names=join(", ", renamed),
            target=qualified(seen.target),
            wanted=key_in(seen, action.key, (_keyed_changes(ctx, action),), assumed=True),
            key=columns(action.key),
        )
    return frame(
        "INSERT INTO <<rows>> (<<names>>)<<pinned>>\nSELECT <<values>>\nFROM (<<last>>) AS w<<stored>>\n"
        "WHERE __dponec_last_op != 'D' AND __dponec_last_kept = 't'",
        rows=staging_table(ctx, action.rows),
        names=columns(tuple(m.target.name for m in loaded)),
        pinned=seen.pinned(_PINNED),
        values=join(", ", values),
        last=_last(ctx, action),
        stored=stored,
    )


def _left(ctx: Context, action: CollapseChanges) -> Sql:
    seen = view(ctx)
    known = all_known(seen, action.key)
    return frame(
        "INSERT INTO <<left>> (<<key>>)<<pinned>>\nSELECT <<key>> FROM (<<last>>) "
        "WHERE __dponec_last_op = 'D' OR __dponec_last_kept != 't'\n"
        "UNION ALL SELECT <<plain>> FROM <<target>> WHERE <<emptied>> AND <<outside>><<known>>",
        left=staging_table(ctx, action.left),
        key=columns(action.key),
        pinned=seen.pinned(_PINNED),
        last=_last(ctx, action),
        plain=join(", ", [_plain(seen, name) for name in action.key]),
        target=qualified(seen.target),
        emptied=frame(
            "NOT <<none>>", none=frame(_NONE, changes=staging_table(ctx, action.changes), op=ident(OPERATION))
        ),
        outside=key_not_in(seen, action.key, (staging_table(ctx, action.rows),)),
        known=frame(" AND <<known>>", known=known) if known is not None else Sql(""),
    )


_PINNED = (
    "async_insert = 0, insert_deduplicate = 0, insert_null_as_default = 0, max_partitions_per_insert_block = 0, "
    "optimize_on_insert = 0"
)


def _last(ctx: Context, action: CheckChanges | CollapseChanges) -> Sql:
    changes, key = action.changes, action.key
    values: list[Sql] = []
    for at, moved in enumerate(_loaded(changes)):
        carried = frame("<<op>> != 'D'", op=ident(OPERATION))
        if moved in incomplete(changes.columns) and replicates(ctx.load):
            mark = literal(f",{at},")
            carried = frame(
                "<<carried>> AND position(<<marks>>, <<mark>>) = 0", carried=carried, marks=ident(UNCHANGED), mark=mark
            )
        value = frame(
            "argMaxIf(tuple(<<name>>), <<order>>, <<carried>>) AS <<alias>>, countIf(<<carried>>) AS <<count>>",
            name=ident(moved.target.name),
            order=ident(ORDER),
            carried=carried,
            alias=_alias(at),
            count=_count(at),
        )
        values.append(value)
    return frame(
        _LAST,
        key=join(", ", [frame("assumeNotNull(<<name>>) AS <<name>>", name=ident(name)) for name in key]),
        grouped=columns(key),
        op=ident(OPERATION),
        order=ident(ORDER),
        kept=ident(KEPT),
        values=join(", ", values),
        changes=staging_table(ctx, changes),
        counted=_counted(ctx, action),
    )


def _counted(ctx: Context, action: CheckChanges | CollapseChanges) -> Sql:
    """The changes of which each key's last one counts."""
    table, op = staging_table(ctx, action.changes), ident(OPERATION)
    if action.feed.deletes == "ignore":
        return frame(_LIVING, op=op, kept=ident(KEPT))
    return frame(
        _COUNTED,
        keyed=frame("<<op>> NOT IN ('T', 'R')", op=op),
        order=ident(ORDER),
        none=frame(_NONE, changes=table, op=op),
        cut=frame(_CUT, order=ident(ORDER), changes=table, op=op),
    )


def _value(action: CollapseChanges, moved: MovedColumn, at: int, *, joined: bool) -> Sql:
    if moved.target.name in action.key:
        return ident(moved.target.name)
    carried = frame("tupleElement(<<alias>>, 1)", alias=_alias(at))
    if not joined or moved not in incomplete(action.changes.columns):
        return carried
    return frame(
        "if(<<n>> > 0, <<carried>>, <<stored>>)",
        n=_count(at),
        carried=carried,
        stored=ident(PREFIX + "t_" + moved.target.name),
    )


def _keyed_changes(ctx: Context, action: CollapseChanges) -> Sql:
    return frame(
        "(SELECT * FROM <<changes>> WHERE <<op>> NOT IN ('T', 'R'))",
        changes=staging_table(ctx, action.changes),
        op=ident(OPERATION),
    )


def _loaded(changes: Staging) -> list[MovedColumn]:
    return [moved for moved in changes.columns if not technical(moved.target.name)]


def _plain(seen: View, name: str) -> Sql:
    return frame("assumeNotNull(<<name>>)", name=ident(name)) if seen.nullable(name) else ident(name)


def _alias(place: int) -> Sql:
    return ident(f"{PREFIX}v{place}")


def _count(place: int) -> Sql:
    return ident(f"{PREFIX}n{place}")
