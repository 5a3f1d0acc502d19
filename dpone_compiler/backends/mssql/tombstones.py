"""Rows that the source has deleted and still holds: refused when they also live, marked, and proved gone."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.checks import violations
from dpone_compiler.backends.mssql.marks import is_marked, unmarked
from dpone_compiler.backends.mssql.missing import both, mark_where, none_left, staged
from dpone_compiler.backends.mssql.script import MESSAGE, inside, statements
from dpone_compiler.plan.tombstones import CheckTombstones, MarkDeleted, ProveDeleted, TombstoneAction
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import table
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
    rows = exp.select("1 AS x").from_(table(names.staging(ctx, action.staging), "t"))
    return violations(
        ctx,
        rows.where(exp.Exists(this=staged(ctx, action.left, action.key))),
        "DP504",
        " keys are staged as deleted and as living",
        "a source that keeps a deletion beside the row is a change table: delete the older row, or read a view without it",
    )


def _mark(ctx: Context, action: MarkDeleted) -> Lowered:
    """A mark that is there stays as it is, so it says when the row was first seen as deleted."""
    return mark_where(ctx, action.mark, exp.Exists(this=staged(ctx, action.staging, action.key)))


def _prove(ctx: Context, action: ProveDeleted) -> Lowered:
    """DP510 when a deleted key is left, without its mark where there is one, or when a staged key is marked."""
    left = exp.Exists(this=staged(ctx, action.left, action.key))
    if action.mark is None:
        parts = [none_left(ctx, left, " rows of the target have a key that the source has deleted")]
    else:
        alive = both(exp.Exists(this=staged(ctx, action.staging, action.key)), is_marked(action.mark, "t"))
        bare = both(left, unmarked(action.mark, "t"))
        parts = [
            none_left(ctx, bare, " rows that the source has deleted are not marked"),
            none_left(ctx, alive, " rows of the target are marked, and the source has their key"),
        ]
    body = inside(ctx.load, statements(MESSAGE, Sql("  DECLARE @dp_wrong bigint;"), *parts))
    return Lowered(op="sql", bodies={"main": body.text})
