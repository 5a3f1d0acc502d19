"""What marks a row as gone from the source: the run's instant, or a flag."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.predicates import bound
from dpone_compiler.backends.mssql.shapes import convert, parameter, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.ir.schema import Column
from dpone_compiler.sql.identifiers import column

_INSTANT = DataType(kind=Kind.TIMESTAMP, tz=True, precision=6)


def instant(target: Column) -> exp.Expression:
    """The run's instant as a value of that column; without a zone it is the wall clock of UTC."""
    return convert(target.native, bound(parameter(HIGH), target.type, _INSTANT))


def mark_value(mark: Column) -> exp.Expression:
    """What marks a row: the run's instant, or a flag that is set."""
    return instant(mark) if mark.type.kind is Kind.TIMESTAMP else exp.Literal.number(1)


def no_mark(mark: Column) -> exp.Expression:
    """What a row has that is not gone."""
    return exp.Null() if mark.type.kind is Kind.TIMESTAMP else exp.Literal.number(0)


def is_marked(mark: Column, alias: str) -> exp.Expression:
    """True or false, never unknown."""
    value = column(mark.name, alias)
    if mark.type.kind is Kind.TIMESTAMP:
        return shape(":value IS NOT NULL", value=value)
    return shape("COALESCE(:value, 0) <> 0", value=value)


def unmarked(mark: Column, alias: str) -> exp.Expression:
    """The opposite."""
    return exp.Not(this=exp.Paren(this=is_marked(mark, alias)))
