"""Rows that the source lacks: counted before the first change, deleted or marked, and proved gone."""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.apply import changing, counted
from dpone_compiler.backends.postgres.marks import is_marked, mark_value
from dpone_compiler.backends.postgres.script import do_block, literal, sql, statements, word
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.snapshot_actions import CheckDeletes, DeleteMissing, MarkMissing, ProveMissing
from dpone_compiler.plan.staging import Staging
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.predicates import any_null, key_match
from dpone_compiler.sql.render import Sql, frame

_CHECK = """\
  LOCK TABLE <<target>> IN SHARE ROW EXCLUSIVE MODE;
  gone := (
<<gone>>
  );
  living := (
<<living>>
  );"""
_ROWS = """\
  IF gone > <<most>>::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507', MESSAGE = format('%s rows of the target would go, the plan allows %s', gone, <<most>>),
      HINT = 'nothing was changed; if that is right, raise limits.max_delete_rows';
  END IF;"""
_RATIO = """\
  IF gone > <<most>>::numeric * living THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507',
      MESSAGE = format('%s of %s rows of the target would go, the plan allows a share of %s', gone, living, <<most>>),
      HINT = 'nothing was changed; if that is right, raise limits.max_delete_ratio';
  END IF;"""
_NONE = """\
  wrong := (
<<wrong>>
  );
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format(<<message>>, wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;"""


def check_deletes(ctx: Context, action: CheckDeletes) -> Lowered:
    """DP507 before anything changes. The lock keeps the counts true until the transaction ends."""
    target = names.target(ctx.load)
    living = exp.select("count(*)").from_(table(target, "t"))
    gone = living.copy().where(_missing(ctx, action.staging, action.key, action.keep_when_empty))
    if action.mark is not None:
        living, gone = living.where(_unmarked(action.mark)), gone.where(_unmarked(action.mark))
    parts = [frame(_CHECK, target=word(table(target)), gone=sql(gone), living=sql(living))]
    if action.rows is not None:
        parts.append(frame(_ROWS, most=literal(str(action.rows))))
    if action.ratio is not None:
        parts.append(frame(_RATIO, most=literal(format(action.ratio, "f"))))
    body = do_block(statements(*parts), Sql("  gone bigint;\n  living bigint;"))
    lock = "SHARE ROW EXCLUSIVE on the target until the transaction ends: other writers wait, readers do not"
    return Lowered(op="sql", bodies={"main": body.text + "\n"}, locks=(lock,))


def delete_missing(ctx: Context, action: DeleteMissing) -> Lowered:
    """By anti-join on the bare keys; a key with a NULL part is nobody's."""
    delete = exp.Delete(
        this=table(names.target(ctx.load), "t"),
        where=exp.Where(this=_missing(ctx, action.staging, action.key, action.keep_when_empty)),
    )
    return changing(ctx, counted(delete, "rows_deleted"))


def mark_missing(ctx: Context, action: MarkMissing) -> Lowered:
    """A mark that is there stays as it is, so it says when the row was first missed."""
    missing = _missing(ctx, action.staging, action.key, action.keep_when_empty)
    update = exp.Update(
        this=table(names.target(ctx.load), "t"),
        expressions=[exp.EQ(this=column(action.mark.name), expression=mark_value(action.mark))],
        where=exp.Where(this=exp.and_(missing, _unmarked(action.mark))),
    )
    params = (HIGH,) if action.mark.type.kind is Kind.TIMESTAMP else ()
    return changing(ctx, counted(update, "rows_marked"), params)


def prove_missing(ctx: Context, action: ProveMissing) -> Lowered:
    """DP510 when a missing key is left, without its mark where there is one, or when a staged key is marked."""
    left = exp.select("count(*)").from_(table(names.target(ctx.load), "t"))
    left = left.where(_missing(ctx, action.staging, action.key, action.keep_when_empty))
    if action.mark is None:
        parts = [none_left(left, "%s rows of the target have a key that the source lacks")]
    else:
        parts = [none_left(left.where(_unmarked(action.mark)), "%s rows that the source lacks are not marked")]
        present = exp.select("count(*)").from_(table(names.target(ctx.load), "t"))
        present = present.where(exp.Exists(this=_staged(ctx, action.staging, action.key)), is_marked(action.mark, "t"))
        parts.append(none_left(present, "%s rows of the target are marked, and the source has their key"))
    body = do_block(statements(*parts), Sql("  wrong bigint;"))
    return Lowered(op="sql", bodies={"main": body.text + "\n"})


def _unmarked(mark: Column) -> exp.Expression:
    return exp.Not(this=exp.Paren(this=is_marked(mark, "t")))


def _staged(ctx: Context, staging: Staging, key: tuple[str, ...]) -> exp.Select:
    return exp.select("1").from_(table(names.staging(ctx, staging), "s")).where(key_match(key, "t", "s"))


def _missing(ctx: Context, staging: Staging, key: tuple[str, ...], keep_when_empty: bool) -> exp.Expression:
    """The row `t` has a key, and staging has not."""
    known = exp.Not(this=exp.Paren(this=any_null(key, "t")))
    conditions: list[exp.Expression] = [known, exp.Not(this=exp.Exists(this=_staged(ctx, staging, key)))]
    if keep_when_empty:
        conditions.append(exp.Exists(this=exp.select("1").from_(table(names.staging(ctx, staging)))))
    return cast(exp.Expression, exp.and_(*conditions))


def none_left(query: exp.Select, message: str) -> Sql:
    """DP510 when the query counts anything."""
    return frame(_NONE, wrong=sql(query), message=literal(message))
