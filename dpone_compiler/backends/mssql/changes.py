"""Captured changes on the sink: checked, and collapsed into the rows that live and the keys that are gone.

The technical columns are compared code unit by code unit: staging gives them a binary collation. `=` pads with blanks all the same,
so the length of an operation's word counts, too.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.marks import unmarked
from dpone_compiler.backends.mssql.script import MESSAGE, inside, listed, literal, refuse, statements, word
from dpone_compiler.backends.mssql.staging import staging_sql
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.changes import (
    KEPT,
    OPERATION,
    ORDER,
    UNCHANGED,
    incomplete,
    old_key,
    replicates,
    wants_whole_rows,
)
from dpone_compiler.plan.feed_actions import CheckChanges, CollapseChanges
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.predicates import any_null, key_match
from dpone_compiler.sql.render import Sql, frame, join

_DECLARE = Sql("  DECLARE @dp_wrong bigint, @dp_at bigint;")
_WRONG = """\
  SELECT @dp_wrong = COUNT_BIG(*) FROM <<changes>> AS [c] WHERE <<condition>>;
  IF @dp_wrong > 0
<<refuse>>"""
_TIES = """\
  SELECT @dp_wrong = COUNT_BIG(*) FROM (
    SELECT 1 AS [x] FROM <<changes>> AS [c] WHERE <<keyed>> GROUP BY <<key>>, [c].<<order>> HAVING COUNT_BIG(*) > 1
  ) AS [ties];
  IF @dp_wrong > 0
<<refuse>>"""

# Of each key the last change after the last TRUNCATE.
_LAST = """\
    SELECT <<carried>>, ROW_NUMBER() OVER (PARTITION BY <<key>> ORDER BY [c].<<order>> DESC) AS <<place>>
      FROM <<changes>> AS [c]
     CROSS JOIN (SELECT MAX([t].<<order>>) AS [at] FROM <<changes>> AS [t] WHERE [t].<<op>> IN (N'T', N'R')) AS [cut]
     WHERE [c].<<op>> NOT IN (N'T', N'R') AND ([cut].[at] IS NULL OR [c].<<order>> > [cut].[at])"""
# Where deletes are passed over or set a mark, a row outlives its delete: of each key the last change that has a row, wherever the
# window was cut, and whether anything that counts as a delete came later.
_LIVING = """\
    SELECT <<carried>>, MAX([c].<<order>>) OVER (PARTITION BY <<key>>) AS <<newest>>, [cut].[at] AS <<cut>>,
           ROW_NUMBER() OVER (PARTITION BY <<key>> ORDER BY CASE WHEN <<alive>> THEN 0 ELSE 1 END, [c].<<order>> DESC) AS <<place>>
      FROM <<changes>> AS [c]
     CROSS JOIN (SELECT MAX([t].<<order>>) AS [at] FROM <<changes>> AS [t] WHERE [t].<<op>> IN (N'T', N'R')) AS [cut]
     WHERE [c].<<op>> NOT IN (N'T', N'R')"""
_ALIVE = "<<of>>.<<op>> <> N'D' AND <<of>>.<<kept>> = N't'"
_GONE = "CASE WHEN [w].<<newest>> > [w].<<order>> OR [w].<<cut>> > [w].<<order>> THEN 1 ELSE 0 END"
_ROWS = """\
<<resolved>>  INSERT INTO <<rows>> (<<columns>>)
  SELECT <<values>>
    FROM (
<<last>>
  ) AS [w] WHERE [w].<<place>> = 1 AND <<alive>>;"""
_LEFT = """\
  INSERT INTO <<left>> (<<key>>)
  SELECT <<gone>>
    FROM (
<<last>>
  ) AS [w] WHERE [w].<<place>> = 1 AND NOT (<<alive>>)
  UNION
  SELECT <<emptied>> FROM <<target>> AS [t]
   WHERE EXISTS (SELECT 1 FROM <<changes>> AS [c] WHERE [c].<<op>> IN (N'T', N'R'))
     AND NOT EXISTS (SELECT 1 FROM <<rows>> AS [s] WHERE <<match>>) AND NOT (<<unknown>>);"""

# A value that the change does not carry: that of the nearest change of the same row before it, else the target's. A part of a UNION
# has no ORDER BY of its own.
_VALUE = """\
CASE WHEN CHARINDEX(<<mark>>, <<of>>.<<unchanged>>) = 0 THEN <<of>>.<<column>> ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].<<column>> AS [v] FROM <<changes>> AS [p]
           WHERE <<earlier>> AND CHARINDEX(<<mark>>, [p].<<unchanged>>) = 0 ORDER BY [p].<<order>> DESC) AS [b]
        UNION ALL
        SELECT [t].<<column>>, 0 FROM <<target>> AS [t] WHERE <<stored>>
      ) AS [q] ORDER BY [q].[near] DESC) END"""
# Rare: rows whose key moved while a large value stayed where it is are made whole first, in order, so that every later look finds
# a whole row. One that could not be made whole has its value nowhere.
_RESOLVED = """\
  IF EXISTS (SELECT 1 FROM <<changes>> AS [c] WHERE [c].<<unchanged>> <> N'')
  BEGIN
    SELECT @dp_at = MIN([c].<<order>>) FROM <<changes>> AS [c] WHERE <<old>> IS NOT NULL AND [c].<<unchanged>> <> N'';
    WHILE @dp_at IS NOT NULL
    BEGIN
      UPDATE [c]
         SET <<filled>>,
             [c].<<unchanged>> = N''
        FROM <<changes>> AS [c]
       WHERE [c].<<order>> = @dp_at AND NOT (<<unknown_move>>);
      SELECT @dp_at = MIN([c].<<order>>)
        FROM <<changes>> AS [c] WHERE <<old>> IS NOT NULL AND [c].<<unchanged>> <> N'' AND [c].<<order>> > @dp_at;
    END;
    SELECT @dp_wrong = COUNT_BIG(*) FROM (
<<last>>
    ) AS [w] WHERE [w].<<place>> = 1 AND <<alive>> AND [w].<<unchanged>> <> N'' AND (<<moved>> IS NOT NULL OR <<unknown>>);
    IF @dp_wrong > 0
<<refuse>>
  END;
"""
# What is the row before? The nearest change that carries a whole one, unless a delete comes first or a row that moved into the key
# and is not whole: whatever had the key before that, in the window or in the target, was another row. One that is marked in the
# target may have changed out of sight.
_UNKNOWN = """\
COALESCE((SELECT TOP (1) CASE WHEN [p].<<op>> = N'D' OR [p].<<unchanged>> <> N'' THEN 1 ELSE 0 END FROM <<changes>> AS [p]
          WHERE <<same>> AND [p].<<order>> < <<before>> AND ([p].<<unchanged>> = N'' OR <<moved>> IS NOT NULL)
          ORDER BY [p].<<order>> DESC),
          CASE WHEN EXISTS (SELECT 1 FROM <<target>> AS [t] WHERE <<stored>><<unmarked>>) THEN 0 ELSE 1 END) = 1"""
_PLACE, _NEWEST, _CUT = "__dponec_n", "__dponec_newest", "__dponec_cut"


def check_changes(ctx: Context, action: CheckChanges) -> Lowered:
    """DP520 unknown operation, DP503 NULL in the key, DP521 tie, DP522 TRUNCATE, DP523 a row that is not whole where it must be."""
    changes = staging_sql(ctx, action.changes)
    op, order = word(column(OPERATION, "c")), word(column(ORDER, "c"))
    keyed = frame("<<op>> NOT IN (N'T', N'R')", op=op)
    known = "<<op>> NOT IN (N'I', N'U', N'D', N'T', N'R') OR DATALENGTH(<<op>>) <> 2"
    checks = [
        (
            frame(known, op=op),
            "DP520",
            " changes have an operation that is not known",
            "known: I, U, D, T, insert, update, delete, truncate, c, r, u, d",
        ),
        (
            frame("<<keyed>> AND (<<null>>)", keyed=keyed, null=word(any_null(action.key, "c"))),
            "DP503",
            " changes have NULL in the key",
            "fix the source: a change without a key cannot be applied",
        ),
        (
            frame("<<order>> IS NULL", order=order),
            "DP521",
            " changes have no place in the order",
            "fill the sequence column of the change table",
        ),
    ]
    if action.feed.truncate == "fail":
        checks.append(
            (
                frame("<<op>> = N'T'", op=op),
                "DP522",
                " times the source was truncated, and truncate: fail stops the run",
                "say source.options.cdc.truncate: apply, or drop the slot and load anew",
            )
        )
    if wants_whole_rows(ctx.load):
        whole = frame("[c].<<kept>> = N't' AND [c].<<unchanged>> <> N''", kept=_name(KEPT), unchanged=_name(UNCHANGED))
        checks.append(
            (
                whole,
                "DP523",
                " changes leave out a large value, and the target may hold what a row was before it left the filter",
                "ALTER TABLE … REPLICA IDENTITY FULL on the source, and load anew",
            )
        )
    parts = [
        frame(_WRONG, changes=changes, condition=condition, refuse=refuse(code, hint, _FOUND, literal(message)))
        for condition, code, message, hint in checks
    ]
    tied = refuse(
        "DP521",
        "name a sequence_column that orders the changes of one key",
        _FOUND,
        literal(" times two changes of one key have the same place in the order"),
    )
    ties = frame(_TIES, changes=changes, keyed=keyed, key=_listed(action.key, "c"), order=_name(ORDER), refuse=tied)
    body = inside(ctx.load, statements(MESSAGE, Sql("  DECLARE @dp_wrong bigint;"), *parts, ties))
    return Lowered(op="sql", bodies={"main": body.text})


_FOUND = Sql("@dp_wrong")


def collapse_changes(ctx: Context, action: CollapseChanges) -> Lowered:
    """The last change of each key."""
    pieces = {
        "changes": staging_sql(ctx, action.changes),
        "carried": listed([word(column(m.target.name, "c")) for m in action.changes.columns]),
        "key": _listed(action.key, "c"),
        "order": _name(ORDER),
        "op": _name(OPERATION),
        "place": _name(_PLACE),
    }
    if action.into == "rows" and action.feed.deletes != "apply":
        last = frame(_LIVING, alive=_alive("c"), newest=_name(_NEWEST), cut=_name(_CUT), **pieces)
    else:
        last = frame(_LAST, **pieces)
    body = _rows(ctx, action, last) if action.into == "rows" else _left(ctx, action, last)
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, body).text},
        locks=("S on the rows of the target that are read, each for as long as it is read",),
    )


def _rows(ctx: Context, action: CollapseChanges, last: Sql) -> Sql:
    streams = replicates(ctx.load)
    carried = {moved.target.name for moved in action.changes.columns}
    columns = [moved for moved in action.rows.columns if moved.target.name in carried]
    values = [
        _value(ctx, action, moved, action.key, "w") if streams else word(column(moved.target.name, "w"))
        for moved in columns
    ]
    flags = _flags(action)
    gone = frame(_GONE, newest=_name(_NEWEST), order=_name(ORDER), cut=_name(_CUT))
    resolved = _resolved(ctx, action, last) if streams else Sql("")
    body = frame(
        _ROWS,
        resolved=resolved,
        rows=staging_sql(ctx, action.rows),
        columns=listed([word(identifier(m.target.name)) for m in (*columns, *flags)]),
        values=join(",\n         ", [*values, *(gone for _ in flags)]),
        last=last,
        place=_name(_PLACE),
        alive=_alive("w"),
    )
    return statements(MESSAGE, _DECLARE, body) if resolved.text else body


def _left(ctx: Context, action: CollapseChanges, last: Sql) -> Sql:
    return frame(
        _LEFT,
        left=staging_sql(ctx, action.left),
        key=listed([word(identifier(k)) for k in action.key]),
        gone=_listed(action.key, "w"),
        emptied=_listed(action.key, "t"),
        last=last,
        place=_name(_PLACE),
        alive=_alive("w"),
        op=_name(OPERATION),
        target=word(table(names.target(ctx.load))),
        changes=staging_sql(ctx, action.changes),
        rows=staging_sql(ctx, action.rows),
        match=word(key_match(action.key, "t", "s")),
        unknown=word(any_null(action.key, "t")),
    )


def _resolved(ctx: Context, action: CollapseChanges, last: Sql) -> Sql:
    old = tuple(old_key(place) for place in range(len(action.key)))
    filled = [
        frame("[c].<<name>> = <<value>>", name=_name(moved.target.name), value=_value(ctx, action, moved, old, "c"))
        for moved in incomplete(action.changes.columns)
    ]
    if not filled:
        return Sql("")
    lost = refuse(
        "DP523",
        "a row came into the filter, or the target lost it: ALTER TABLE … REPLICA IDENTITY FULL on the source, and load anew",
        _FOUND,
        literal(" rows have a large value that did not change and that the target does not hold"),
    )
    return frame(
        _RESOLVED,
        changes=staging_sql(ctx, action.changes),
        order=_name(ORDER),
        unchanged=_name(UNCHANGED),
        old=word(column(old[0], "c")),
        filled=join(",\n             ", filled),
        last=last,
        place=_name(_PLACE),
        alive=_alive("w"),
        moved=word(column(old[0], "w")),
        # Right before a row that moved stands the delete of the key that it left, which is its own.
        unknown_move=_unknown(ctx, action, old, frame("[c].<<order>> - 1", order=_name(ORDER)), "c"),
        unknown=_unknown(ctx, action, action.key, frame("[w].<<order>>", order=_name(ORDER)), "w"),
        refuse=lost,
    )


def _unknown(ctx: Context, action: CollapseChanges, key: tuple[str, ...], before: Sql, of: str) -> Sql:
    return frame(
        _UNKNOWN,
        changes=staging_sql(ctx, action.changes),
        target=word(table(names.target(ctx.load))),
        op=_name(OPERATION),
        order=_name(ORDER),
        unchanged=_name(UNCHANGED),
        same=_same(action.key, "p", key, of),
        before=before,
        moved=word(column(old_key(0), "p")),
        stored=_same(action.key, "t", key, of),
        unmarked=join("", [frame(" AND <<alive>>", alive=word(unmarked(m.target, "t"))) for m in _flags(action)]),
    )


def _flags(action: CollapseChanges) -> list[MovedColumn]:
    """The column that says of a row that it is gone: it comes with no change."""
    carried = {moved.target.name for moved in action.changes.columns}
    return [moved for moved in action.rows.columns if moved.target.name not in carried]


def _value(ctx: Context, action: CollapseChanges, moved: MovedColumn, key: tuple[str, ...], of: str) -> Sql:
    if moved not in incomplete(action.changes.columns):
        return word(column(moved.target.name, of))
    place = action.changes.columns.index(moved)
    return frame(
        _VALUE,
        of=_name(of),
        column=_name(moved.target.name),
        unchanged=_name(UNCHANGED),
        mark=literal(f",{place},"),
        changes=staging_sql(ctx, action.changes),
        order=_name(ORDER),
        earlier=_earlier(action, key, of),
        target=word(table(names.target(ctx.load))),
        stored=_same(action.key, "t", key, of),
    )


def _earlier(action: CollapseChanges, key: tuple[str, ...], of: str) -> Sql:
    return frame(
        "<<same>> AND [p].<<order>> < <<of>>.<<order>> AND [p].<<op>> NOT IN (N'D', N'T', N'R')",
        same=_same(action.key, "p", key, of),
        order=_name(ORDER),
        of=_name(of),
        op=_name(OPERATION),
    )


def _same(key: tuple[str, ...], left: str, other: tuple[str, ...], right: str) -> Sql:
    pairs = [word(exp.EQ(this=column(k, left), expression=column(o, right))) for k, o in zip(key, other, strict=True)]
    return join(" AND ", pairs)


def _alive(of: str) -> Sql:
    """The change has a row, and the filter wants it."""
    return frame(_ALIVE, of=_name(of), op=_name(OPERATION), kept=_name(KEPT))


def _name(name: str) -> Sql:
    return word(identifier(name))


def _listed(key: tuple[str, ...], alias: str) -> Sql:
    return listed([word(column(name, alias)) for name in key])
