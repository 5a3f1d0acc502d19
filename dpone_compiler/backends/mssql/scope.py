"""The scope of a `replace`: the gate on staging, the delete, and the predicate that both and the proof share."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.apply import delete_where
from dpone_compiler.backends.mssql.checks import violations
from dpone_compiler.backends.mssql.predicates import in_scope
from dpone_compiler.backends.mssql.shapes import shape
from dpone_compiler.ir.interval import Scope
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import CheckScope, DeleteScope
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table


def check_scope(ctx: Context, action: CheckScope) -> Lowered:
    """DP514: a staged row that is not in the scope, one with NULL in its column among them."""
    outside = shape("CASE WHEN :inside THEN 0 ELSE 1 END = 1", inside=within(action.scope, action.staging.columns, "s"))
    query = exp.select("1 AS x").from_(table(names.staging(ctx, action.staging), "s")).where(outside)
    lowered = violations(
        ctx,
        query,
        "DP514",
        " staged rows lie outside of the scope",
        "nothing reached the target; the two sides read the scope differently",
    )
    return replace(lowered, params=action.scope.params)


def delete_scope(ctx: Context, action: DeleteScope) -> Lowered:
    """The rows of the scope, by the very predicate that read them. A row where it is NULL is nobody's and stays."""
    columns = ctx.load.decisions.columns
    moved = columns if isinstance(columns, tuple) else ()
    return delete_where(ctx, within(action.scope, moved, "t"), action.scope.params)


def within(scope: Scope, columns: tuple[MovedColumn, ...], alias: str) -> exp.Expression:
    """The scope on the target's own column, which may have another name than the source's."""
    moved = next(m for m in columns if m.sql is None and m.source.name == scope.column)
    return in_scope(scope, column(moved.target.name, alias), moved.target.type)
