"""Rows that the source lacks: counted before the first change, deleted or marked, and proved gone."""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.apply import changing, delete_where
from dpone_compiler.backends.mssql.marks import is_marked, mark_value, unmarked
from dpone_compiler.backends.mssql.script import MESSAGE, count_affected, inside, literal, refuse, sql, statements, word
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.snapshot_actions import CheckDeletes, DeleteMissing, MarkMissing, ProveMissing
from dpone_compiler.plan.staging import Staging
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.predicates import any_null, key_match
from dpone_compiler.sql.render import Sql, frame

# The exclusive lock keeps the counts true until the transaction ends; readers of row versions go on.
_CHECK = """\
  DECLARE @dp_gone bigint, @dp_living bigint;
  SELECT @dp_living = COUNT_BIG(*) FROM <<target>> AS [t] WITH (TABLOCKX, HOLDLOCK)<<living>>;
  SELECT @dp_gone = COUNT_BIG(*) FROM <<target>> AS [t] WHERE <<gone>>;"""
_ROWS = """\
  IF @dp_gone > <<most>>
<<refuse>>"""
_RATIO = """\
  IF @dp_gone > CONVERT(decimal(9,6), <<most>>) * @dp_living
<<refuse>>"""
_MARK = """\
  UPDATE [t]
     SET [t].<<mark>> = <<value>>
    FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
   WHERE <<which>>;
<<count>>"""
_NONE = """\
  SELECT @dp_wrong = COUNT_BIG(*) FROM <<target>> AS [t] WITH (HOLDLOCK) WHERE <<which>>;
  IF @dp_wrong <> 0
<<refuse>>"""
_TRIGGERS = "the transaction was rolled back; look for triggers on the target, and for security policies"
_LOCK = "X on the target until the transaction ends: writers wait, and readers but those of row versions"


def check_deletes(ctx: Context, action: CheckDeletes) -> Lowered:
    """DP507 before anything changes."""
    gone = _missing(ctx, action.staging, action.key, action.keep_when_empty)
    living = Sql("")
    if action.mark is not None:
        gone = both(gone, unmarked(action.mark, "t"))
        living = frame(" WHERE <<unmarked>>", unmarked=word(unmarked(action.mark, "t")))
    parts = [frame(_CHECK, target=_target(ctx), gone=sql(gone), living=living)]
    if action.rows is not None:
        more = refuse(
            "DP507",
            "nothing was changed; if that is right, raise limits.max_delete_rows",
            Sql("@dp_gone"),
            literal(f" rows of the target would go, the plan allows {int(action.rows)}"),
        )
        parts.append(frame(_ROWS, most=Sql(str(int(action.rows))), refuse=more))
    if action.ratio is not None:
        share = format(action.ratio, "f")
        larger = refuse(
            "DP507",
            "nothing was changed; if that is right, raise limits.max_delete_ratio",
            Sql("@dp_gone"),
            literal(" of "),
            Sql("@dp_living"),
            literal(f" rows of the target would go, the plan allows a share of {share}"),
        )
        parts.append(frame(_RATIO, most=Sql(share), refuse=larger))
    body = inside(ctx.load, statements(MESSAGE, *parts))
    return Lowered(op="sql", bodies={"main": body.text}, locks=(_LOCK,))


def delete_missing(ctx: Context, action: DeleteMissing) -> Lowered:
    """By anti-join on the bare keys; a key with a NULL part is nobody's."""
    return delete_where(ctx, _missing(ctx, action.staging, action.key, action.keep_when_empty))


def mark_missing(ctx: Context, action: MarkMissing) -> Lowered:
    """A mark that is there stays as it is, so it says when the row was first missed."""
    return mark_where(ctx, action.mark, _missing(ctx, action.staging, action.key, action.keep_when_empty))


def mark_where(ctx: Context, mark: Column, which: exp.Expression) -> Lowered:
    """Mark rows `t` of the target that are not marked yet."""
    body = frame(
        _MARK,
        mark=word(identifier(mark.name)),
        value=word(mark_value(mark)),
        target=_target(ctx),
        which=sql(both(which, unmarked(mark, "t"))),
        count=count_affected("rows_marked"),
    )
    return changing(ctx, body, (HIGH,) if mark.type.kind is Kind.TIMESTAMP else ())


def prove_missing(ctx: Context, action: ProveMissing) -> Lowered:
    """DP510 when a missing key is left, without its mark where there is one, or when a staged key is marked."""
    missing = _missing(ctx, action.staging, action.key, action.keep_when_empty)
    if action.mark is None:
        parts = [none_left(ctx, missing, " rows of the target have a key that the source lacks")]
    else:
        present = exp.Exists(this=staged(ctx, action.staging, action.key))
        parts = [
            none_left(ctx, both(missing, unmarked(action.mark, "t")), " rows that the source lacks are not marked"),
            none_left(
                ctx,
                both(present, is_marked(action.mark, "t")),
                " rows of the target are marked, and the source has their key",
            ),
        ]
    body = inside(ctx.load, statements(MESSAGE, Sql("  DECLARE @dp_wrong bigint;"), *parts))
    return Lowered(op="sql", bodies={"main": body.text})


def staged(ctx: Context, staging: Staging, key: tuple[str, ...]) -> exp.Select:
    """The staged rows with the key of row `t`."""
    return exp.select("1").from_(table(names.staging(ctx, staging), "s")).where(key_match(key, "t", "s"))


def _missing(ctx: Context, staging: Staging, key: tuple[str, ...], keep_when_empty: bool) -> exp.Expression:
    """The row `t` has a key, and staging has not."""
    known = exp.Not(this=exp.Paren(this=any_null(key, "t")))
    conditions: list[exp.Expression] = [known, exp.Not(this=exp.Exists(this=staged(ctx, staging, key)))]
    if keep_when_empty:
        conditions.append(exp.Exists(this=exp.select("1").from_(table(names.staging(ctx, staging), "s"))))
    return both(*conditions)


def both(*conditions: exp.Expression) -> exp.Expression:
    """All of them."""
    return cast(exp.Expression, exp.and_(*conditions))


def _target(ctx: Context) -> Sql:
    return word(table(names.target(ctx.load)))


def none_left(ctx: Context, which: exp.Expression, message: str) -> Sql:
    """DP510 when a row `t` of the target is such a one."""
    return frame(
        _NONE,
        target=_target(ctx),
        which=sql(which),
        refuse=refuse("DP510", _TRIGGERS, Sql("@dp_wrong"), literal(message)),
    )
