"""What marks a row as gone from the source, the run's instant, and values in the types of columns that we write ourselves."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.schema import Column
from dpone_compiler.sql.clickhouse_names import ident
from dpone_compiler.sql.clickhouse_native import native_sql
from dpone_compiler.sql.render import Sql, frame


def unwritable(*found: Column | None) -> str:
    """Why a column's type cannot be written; '' when each can."""
    wrong = [column.name for column in found if column is not None and native_sql(column.native) is None]
    return f"column {wrong[0]!r} has a type that this compiler cannot write" if wrong else ""


def typed(value: Sql, column: Column) -> Sql:
    """The value in the column's own type."""
    native = native_sql(column.native)
    assert native is not None, "unwritable() was asked before"
    return frame("CAST(<<value>> AS <<native>>)", value=value, native=native)


def instant(seen: View) -> Sql:
    """The run's instant. 18.16 has whole seconds alone."""
    if seen.legacy:
        return Sql("toDateTime(substring({window_high:String}, 1, 19), 'UTC')")
    return Sql("parseDateTime64BestEffort({window_high:String}, 6, 'UTC')")


def mark_value(seen: View, mark: Column) -> Sql:
    """What a marked row has."""
    return typed(instant(seen) if mark.type.kind is Kind.TIMESTAMP else Sql("1"), mark)


def no_mark(mark: Column) -> Sql:
    """What a row has that is not gone."""
    return typed(Sql("NULL") if mark.type.kind is Kind.TIMESTAMP else Sql("0"), mark)


def unmarked(mark: Column) -> Sql:
    """True for a row that is not marked; never NULL."""
    name = ident(mark.name)
    if mark.type.kind is Kind.TIMESTAMP:
        return frame("isNull(<<name>>)", name=name)
    return frame("ifNull(<<name>>, 0) = 0" if mark.nullable else "<<name>> = 0", name=name)
