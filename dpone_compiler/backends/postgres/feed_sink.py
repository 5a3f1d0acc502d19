"""Captured changes on the sink: checked, and collapsed into the rows that live and the keys that are gone."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.marks import is_marked
from dpone_compiler.backends.postgres.script import do_block, literal, statements, word
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import Staging
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

_REFUSE = """\
  SELECT count(*) INTO wrong FROM <<changes>> AS c WHERE <<condition>>;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = <<code>>, MESSAGE = format(<<message>>, wrong), HINT = <<hint>>;
  END IF;"""
_TIES = """\
  SELECT count(*) INTO wrong FROM (
    SELECT FROM <<changes>> AS c WHERE <<keyed>> GROUP BY <<key>>, c.<<order>> HAVING count(*) > 1
  ) AS ties;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP521', MESSAGE = format('%s times two changes of one key have the same place in the order', wrong),
      HINT = 'name a sequence_column that orders the changes of one key';
  END IF;"""

# Of each key the last change after the last TRUNCATE.
_LAST = """\
    SELECT c.*, row_number() OVER (PARTITION BY <<key>> ORDER BY c.<<order>> DESC) AS <<place>>
      FROM <<changes>> AS c
     CROSS JOIN (SELECT max(t.<<order>>) AS at FROM <<changes>> AS t WHERE t.<<op>> IN ('T', 'R')) AS cut
     WHERE c.<<op>> NOT IN ('T', 'R') AND (cut.at IS NULL OR c.<<order>> > cut.at)"""
# Where deletes are passed over or set a mark, a row outlives its delete: of each key the last change that has a row, wherever the
# window was cut, and whether anything that counts as a delete came later.
_LIVING = """\
    SELECT c.*, max(c.<<order>>) OVER (PARTITION BY <<key>>) AS <<newest>>, cut.at AS <<cut>>,
           row_number() OVER (PARTITION BY <<key>> ORDER BY c.<<op>> <> 'D' AND c.<<kept>> = 't' DESC, c.<<order>> DESC) AS <<place>>
      FROM <<changes>> AS c
     CROSS JOIN (SELECT max(t.<<order>>) AS at FROM <<changes>> AS t WHERE t.<<op>> IN ('T', 'R')) AS cut
     WHERE c.<<op>> NOT IN ('T', 'R')"""
_GONE = "w.<<newest>> > w.<<order>> OR coalesce(w.<<cut>> > w.<<order>>, false)"
_ROWS = """\
<<resolved>>  INSERT INTO <<rows>> (<<columns>>)
  SELECT <<values>>
    FROM (
<<last>>
  ) AS w WHERE w.<<place>> = 1 AND w.<<op>> <> 'D' AND w.<<kept>> = 't';"""
_LEFT = """\
INSERT INTO <<left>> (<<key>>)
SELECT <<gone>>
  FROM (
<<last>>
) AS w WHERE w.<<place>> = 1 AND (w.<<op>> = 'D' OR w.<<kept>> <> 't')
UNION
SELECT <<emptied>> FROM <<target>> AS t
 WHERE EXISTS (SELECT FROM <<changes>> AS c WHERE c.<<op>> IN ('T', 'R'))
   AND NOT EXISTS (SELECT FROM <<rows>> AS s WHERE <<match>>) AND NOT (<<unknown>>);
"""

# A value that the change does not carry: that of the nearest change of the same row before it, else the target's.
_VALUE = """\
CASE WHEN strpos(<<of>>.<<unchanged>>, <<mark>>) = 0 THEN <<of>>.<<column>> ELSE (
      SELECT q.v FROM (
        (SELECT p.<<column>> AS v, 1 AS near FROM <<changes>> AS p
          WHERE <<earlier>> AND strpos(p.<<unchanged>>, <<mark>>) = 0 ORDER BY p.<<order>> DESC LIMIT 1)
        UNION ALL
        (SELECT t.<<column>>, 0 FROM <<target>> AS t WHERE <<stored>> LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END"""
# Rare, and only then worth an index: rows whose key moved while a large value stayed where it is are made whole first, in order,
# so that every later look finds a whole row. One that could not be made whole has its value nowhere.
_RESOLVED = """\
  IF EXISTS (SELECT FROM <<changes>> AS c WHERE c.<<unchanged>> <> '') THEN
    CREATE INDEX ON <<changes>> (<<key>>, <<order>>);
    CREATE INDEX ON <<changes>> (<<order>>);
    ANALYZE <<changes>>;
    FOR moved IN SELECT c.<<order>> AS at FROM <<changes>> AS c WHERE <<old>> IS NOT NULL AND c.<<unchanged>> <> '' ORDER BY 1 LOOP
      SELECT count(*) INTO wrong FROM <<changes>> AS c WHERE c.<<order>> = moved.at AND <<unknown_move>>;
      IF wrong = 0 THEN
        UPDATE <<changes>> AS c SET <<filled>>, <<unchanged>> = '' WHERE c.<<order>> = moved.at;
      END IF;
    END LOOP;
    SELECT count(*) INTO wrong FROM (
<<last>>
    ) AS w WHERE w.<<place>> = 1 AND w.<<op>> <> 'D' AND w.<<kept>> = 't' AND w.<<unchanged>> <> ''
       AND (<<moved>> IS NOT NULL OR <<unknown>>);
    IF wrong > 0 THEN
      RAISE EXCEPTION USING ERRCODE = 'DP523',
        MESSAGE = format('%s rows have a large value that did not change and that the target does not hold', wrong),
        HINT = 'a row came into the filter, or the target lost it: ALTER TABLE … REPLICA IDENTITY FULL on the source, and load anew';
    END IF;
  END IF;
"""
# What is the row before? The nearest change that carries a whole one, unless a delete comes first or a row that moved into the key
# and is not whole: whatever had the key before that, in the window or in the target, was another row. One that is marked in the
# target may have changed out of sight.
_UNKNOWN = """\
coalesce((SELECT p.<<op>> = 'D' OR p.<<unchanged>> <> '' FROM <<changes>> AS p
          WHERE <<same>> AND p.<<order>> < <<before>> AND (p.<<unchanged>> = '' OR <<moved>> IS NOT NULL)
          ORDER BY p.<<order>> DESC LIMIT 1),
          NOT EXISTS (SELECT FROM <<target>> AS t WHERE <<stored>><<unmarked>>))"""
_PLACE, _NEWEST, _CUT = "__dponec_n", "__dponec_newest", "__dponec_cut"


def check_changes(ctx: Context, action: CheckChanges) -> Lowered:
    """DP520 unknown operation, DP503 NULL in the key, DP521 tie, DP522 TRUNCATE, DP523 a row that is not whole where it must be."""
    pieces = {"changes": _table(ctx, action.changes)}
    op, order = word(column(OPERATION, "c")), word(column(ORDER, "c"))
    keyed = frame("<<op>> NOT IN ('T', 'R')", op=op)
    checks = [
        (
            frame("<<op>> NOT IN ('I', 'U', 'D', 'T', 'R')", op=op),
            "DP520",
            "%s changes have an operation that is not known",
            "known: I, U, D, T, insert, update, delete, truncate, c, r, u, d",
        ),
        (
            frame("<<keyed>> AND (<<null>>)", keyed=keyed, null=word(any_null(action.key, "c"))),
            "DP503",
            "%s changes have NULL in the key",
            "fix the source: a change without a key cannot be applied",
        ),
        (
            frame("<<order>> IS NULL", order=order),
            "DP521",
            "%s changes have no place in the order",
            "fill the sequence column of the change table",
        ),
    ]
    if action.feed.truncate == "fail":
        checks.append(
            (
                frame("<<op>> = 'T'", op=op),
                "DP522",
                "the source was truncated (%s times) and truncate: fail stops the run",
                "say source.options.cdc.truncate: apply, or drop the slot and load anew",
            )
        )
    if wants_whole_rows(ctx.load):
        checks.append(
            (
                frame("c.<<kept>> = 't' AND c.<<unchanged>> <> ''", kept=_name(KEPT), unchanged=_name(UNCHANGED)),
                "DP523",
                "%s changes leave out a large value, and the target may hold what a row was before it left the filter",
                "ALTER TABLE … REPLICA IDENTITY FULL on the source, and load anew",
            )
        )
    parts = [
        frame(_REFUSE, condition=condition, code=literal(code), message=literal(message), hint=literal(hint), **pieces)
        for condition, code, message, hint in checks
    ]
    ties = frame(_TIES, keyed=keyed, key=_listed(action.key, "c"), order=_name(ORDER), **pieces)
    return Lowered(op="sql", bodies={"main": do_block(statements(*parts, ties), Sql("  wrong bigint;")).text + "\n"})


def collapse_changes(ctx: Context, action: CollapseChanges) -> Lowered:
    """The last change of each key."""
    pieces = {
        "changes": _table(ctx, action.changes),
        "key": _listed(action.key, "c"),
        "order": _name(ORDER),
        "op": _name(OPERATION),
        "place": _name(_PLACE),
    }
    if action.into == "rows" and action.feed.deletes != "apply":
        last = frame(_LIVING, kept=_name(KEPT), newest=_name(_NEWEST), cut=_name(_CUT), **pieces)
    else:
        last = frame(_LAST, **pieces)
    body = _rows(ctx, action, last) if action.into == "rows" else _left(ctx, action, last)
    return Lowered(
        op="sql", bodies={"main": body.text}, locks=("ACCESS SHARE on the target until the transaction ends",)
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
    body = frame(
        _ROWS,
        resolved=_resolved(ctx, action, last) if streams else Sql(""),
        rows=_table(ctx, action.rows),
        columns=join(", ", [word(identifier(m.target.name)) for m in (*columns, *flags)]),
        values=join(",\n         ", [*values, *(gone for _ in flags)]),
        last=last,
        place=_name(_PLACE),
        op=_name(OPERATION),
        kept=_name(KEPT),
    )
    declare = Sql("  wrong bigint;\n  moved record;")
    return frame("<<block>>\n", block=do_block(body, declare))


def _left(ctx: Context, action: CollapseChanges, last: Sql) -> Sql:
    return frame(
        _LEFT,
        left=_table(ctx, action.left),
        key=join(", ", [word(identifier(k)) for k in action.key]),
        gone=_listed(action.key, "w"),
        emptied=_listed(action.key, "t"),
        last=last,
        place=_name(_PLACE),
        op=_name(OPERATION),
        kept=_name(KEPT),
        target=word(table(names.target(ctx.load))),
        changes=_table(ctx, action.changes),
        rows=_table(ctx, action.rows),
        match=word(key_match(action.key, "t", "s")),
        unknown=word(any_null(action.key, "t")),
    )


def _resolved(ctx: Context, action: CollapseChanges, last: Sql) -> Sql:
    old = tuple(old_key(place) for place in range(len(action.key)))
    filled = [
        frame("<<name>> = <<value>>", name=_name(moved.target.name), value=_value(ctx, action, moved, old, "c"))
        for moved in incomplete(action.changes.columns)
    ]
    if not filled:
        return Sql("")
    return frame(
        _RESOLVED,
        changes=_table(ctx, action.changes),
        key=join(", ", [word(identifier(k)) for k in action.key]),
        order=_name(ORDER),
        unchanged=_name(UNCHANGED),
        old=word(column(old[0], "c")),
        filled=join(",\n          ", filled),
        last=last,
        place=_name(_PLACE),
        op=_name(OPERATION),
        kept=_name(KEPT),
        moved=word(column(old[0], "w")),
        # Right before a row that moved stands the delete of the key that it left, which is its own.
        unknown_move=_unknown(ctx, action, old, frame("c.<<order>> - 1", order=_name(ORDER)), "c"),
        unknown=_unknown(ctx, action, action.key, frame("w.<<order>>", order=_name(ORDER)), "w"),
    )


def _unknown(ctx: Context, action: CollapseChanges, key: tuple[str, ...], before: Sql, of: str) -> Sql:
    return frame(
        _UNKNOWN,
        changes=_table(ctx, action.changes),
        target=word(table(names.target(ctx.load))),
        op=_name(OPERATION),
        order=_name(ORDER),
        unchanged=_name(UNCHANGED),
        same=_same(action.key, "p", key, of),
        before=before,
        moved=word(column(old_key(0), "p")),
        stored=_same(action.key, "t", key, of),
        unmarked=join(
            "", [frame(" AND NOT <<marked>>", marked=word(is_marked(m.target, "t"))) for m in _flags(action)]
        ),
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
        changes=_table(ctx, action.changes),
        order=_name(ORDER),
        earlier=_earlier(action, key, of),
        target=word(table(names.target(ctx.load))),
        stored=_same(action.key, "t", key, of),
    )


def _earlier(action: CollapseChanges, key: tuple[str, ...], of: str) -> Sql:
    return frame(
        "<<same>> AND p.<<order>> < <<of>>.<<order>> AND p.<<op>> NOT IN ('D', 'T', 'R')",
        same=_same(action.key, "p", key, of),
        order=_name(ORDER),
        of=_name(of),
        op=_name(OPERATION),
    )


def _same(key: tuple[str, ...], left: str, other: tuple[str, ...], right: str) -> Sql:
    pairs = [word(exp.EQ(this=column(k, left), expression=column(o, right))) for k, o in zip(key, other, strict=True)]
    return join(" AND ", pairs)


def _table(ctx: Context, staging: Staging) -> Sql:
    return word(table(names.staging(ctx, staging)))


def _name(name: str) -> Sql:
    return word(identifier(name))


def _listed(key: tuple[str, ...], alias: str) -> Sql:
    return join(", ", [word(column(name, alias)) for name in key])
