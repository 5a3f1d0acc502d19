"""Which rows a statement on a SQL Server source reads: its table and its conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.held import held_value, source_value
from dpone_compiler.backends.mssql.predicates import MssqlPredicates, in_scope
from dpone_compiler.backends.mssql.script import sql, word
from dpone_compiler.backends.mssql.shapes import shape
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.plan.actions import Selection
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.own_words import opaque
from dpone_compiler.sql.predicates import interval_predicate, partition_predicate
from dpone_compiler.sql.render import Sql, frame


def selected_table(selection: Selection) -> Sql:
    """The table's name."""
    return word(table(names.source(selection.table)))


def selected_rows(ctx: Context, selection: Selection) -> Sql:
    """` WHERE …`, or nothing. No alias: the manifest's filter names bare columns."""
    conditions: list[exp.Expression] = []
    conditions += _chosen(selection)
    if selection.interval is not None:
        bare = column(selection.interval.column)
        conditions.append(interval_predicate(selection.interval, bare, MssqlPredicates()))
    if selection.scope is not None:
        scope = selection.scope
        conditions.append(in_scope(scope, column(scope.column), scope.type))
    if selection.partitions is not None:
        conditions.append(_partition_condition(ctx, selection, selection.partitions))
    if not conditions:
        return Sql("")
    return frame("\n WHERE <<conditions>>", conditions=sql(_all(conditions)))


def _chosen(selection: Selection) -> list[exp.Expression]:
    """What filter and tombstone ask of a row, or (`negate_filter`) what is true of the rows that they leave out."""
    wanted, gone = ([opaque(sql_)] if sql_ is not None else [] for sql_ in (selection.where, selection.tombstone))
    unless = "CASE WHEN :each THEN 0 ELSE 1 END = 1"
    if not selection.negate_filter:
        return [*wanted, *(shape(unless, each=each) for each in gone)]
    out = [*(shape(unless, each=each) for each in wanted), *gone]
    return [exp.Paren(this=exp.or_(*out)) if len(out) > 1 else each for each in out[:1]]


def _all(conditions: list[exp.Expression]) -> exp.Expression:
    return cast(exp.Expression, exp.and_(*conditions))


def _partition_condition(ctx: Context, selection: Selection, partitions: PartitionSet) -> exp.Expression:
    """The set names a source column; its values are those of the target's column, so a conversion comes before the test."""
    everything = ctx.load.decisions.columns
    moved = (*selection.columns, *everything) if isinstance(everything, tuple) else selection.columns
    found = next((m for m in moved if m.source.name == partitions.column), None)
    if found is None:
        return partition_predicate(partitions, column(partitions.column), MssqlPredicates())
    if found.sql is None and found.source.type.kind is found.target.type.kind:
        return partition_predicate(partitions, source_value(found), MssqlPredicates())
    value, type_ = held_value(found)
    return partition_predicate(replace(partitions, type=type_), value, MssqlPredicates())


def selection_params(selection: Selection) -> tuple[str, ...]:
    """The run parameters that a selection's predicates read."""
    ends = (selection.interval.low, selection.interval.high) if selection.interval else ()
    partitions = (selection.partitions.parameter,) if selection.partitions else ()
    return (*(end for end in ends if end), *partitions, *(selection.scope.params if selection.scope else ()))
