"""What marks a row as gone from the source: the run's instant, or a flag."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres.script import setting
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.ir.schema import Column
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.postgres_native import cast


def instant(native: str, *, tz: bool) -> exp.Expression:
    """The run's instant as a value of that type; without a zone it is the wall clock of UTC."""
    moment = cast(setting(HIGH), "timestamp with time zone")
    return cast(moment if tz else shape(":moment AT TIME ZONE 'UTC'", moment=moment), native)


def mark_value(mark: Column) -> exp.Expression:
    """What marks a row: the run's instant, or a flag that is set."""
    match mark.type.kind:
        case Kind.TIMESTAMP:
            return instant(mark.native, tz=mark.type.tz)
        case Kind.BOOL:
            return exp.true()
        case _:
            return exp.Literal.number(1)


def no_mark(mark: Column) -> exp.Expression:
    """What a row has that is not gone."""
    match mark.type.kind:
        case Kind.TIMESTAMP:
            return exp.Null()
        case Kind.BOOL:
            return exp.false()
        case _:
            return exp.Literal.number(0)


def is_marked(mark: Column, alias: str) -> exp.Expression:
    """True or false, never NULL."""
    value = column(mark.name, alias)
    match mark.type.kind:
        case Kind.TIMESTAMP:
            return exp.Not(this=exp.Is(this=value, expression=exp.Null()))
        case Kind.BOOL:
            return exp.Coalesce(this=value, expressions=[exp.false()])
        case _:
            zero = exp.Literal.number(0)
            return exp.NEQ(this=exp.Coalesce(this=value, expressions=[zero]), expression=zero.copy())
