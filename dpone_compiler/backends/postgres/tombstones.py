"""Rows that the source has deleted and still holds: refused when they also live, marked, and proved gone."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.apply import changing, counted
from dpone_compiler.backends.postgres.checks import refusing
from dpone_compiler.backends.postgres.marks import is_marked, mark_value
from dpone_compiler.backends.postgres.missing import none_left
from dpone_compiler.backends.postgres.script import do_block, statements
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.plan.staging import Staging
from dpone_compiler.plan.tombstones import CheckTombstones, MarkDeleted, ProveDeleted, TombstoneAction
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.predicates import key_match
from dpone_compiler.sql.render import Sql


def lower(ctx: Context, action: TombstoneAction) -> Lowered | Unsupported:
    """How each of them is done."""
    match action:
        case CheckTombstones():
            return _check(ctx, action)
        case MarkDeleted(version=version) if version:
            return Unsupported("rows change here: a mark is set in the row that is there")
        case MarkDeleted():
            return _mark(ctx, action)
        case ProveDeleted():
            return _prove(ctx, action)


def _check(ctx: Context, action: CheckTombstones) -> Lowered:
    """DP504."""
    rows = exp.select("1").from_(table(names.staging(ctx, action.staging), "t"))
    return refusing(
        rows.where(exp.Exists(this=_staged(ctx, action.left, action.key))),
        "DP504",
        "%s keys are staged as deleted and as living",
        "a source that keeps a deletion beside the row is a change table: use cdc_apply, or delete the older row",
    )


def _mark(ctx: Context, action: MarkDeleted) -> Lowered:
    """A mark that is there stays as it is, so it says when the row was first seen as deleted."""
    unmarked = exp.Not(this=exp.Paren(this=is_marked(action.mark, "t")))
    update = exp.Update(
        this=table(names.target(ctx.load), "t"),
        expressions=[exp.EQ(this=exp.column(action.mark.name, quoted=True), expression=mark_value(action.mark))],
        where=exp.Where(this=exp.and_(exp.Exists(this=_staged(ctx, action.staging, action.key)), unmarked)),
    )
    params = (HIGH,) if action.mark.type.kind is Kind.TIMESTAMP else ()
    return changing(ctx, counted(update, "rows_marked"), params)


def _prove(ctx: Context, action: ProveDeleted) -> Lowered:
    """DP510 when a deleted key is left, without its mark where there is one, or when a staged key is marked."""
    rows = exp.select("count(*)").from_(table(names.target(ctx.load), "t"))
    left = rows.where(exp.Exists(this=_staged(ctx, action.left, action.key)))
    if action.mark is None:
        parts = [none_left(left, "%s rows of the target have a key that the source has deleted")]
    else:
        unmarked = exp.Not(this=exp.Paren(this=is_marked(action.mark, "t")))
        alive = rows.where(exp.Exists(this=_staged(ctx, action.staging, action.key)), is_marked(action.mark, "t"))
        parts = [
            none_left(left.where(unmarked), "%s rows that the source has deleted are not marked"),
            none_left(alive, "%s rows of the target are marked, and the source has their key"),
        ]
    body = do_block(statements(*parts), Sql("  wrong bigint;"))
    return Lowered(op="sql", bodies={"main": body.text + "\n"})


def _staged(ctx: Context, staging: Staging, key: tuple[str, ...]) -> exp.Select:
    return exp.select("1").from_(table(names.staging(ctx, staging), "s")).where(key_match(key, "t", "s"))
