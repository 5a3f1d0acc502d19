"""The one renderer of Interval, PartitionSet and Scope: the read and the delete of a run come from here, for every dialect.

What differs between dialects is the few things of `PredicateDialect`: how a run parameter is read as a value of a type, how
a partition value follows from a column, and how a value is looked up in the JSON list of partitions.

A partition value in that list is text: for unit `value` the column's own text (instants in UTC), for day, month and year the
first day as `YYYY-MM-DD`, for hour `YYYY-MM-DD HH:00:00`; JSON null is the partition of NULLs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from sqlglot import exp

from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.interval import Interval, PartitionSet, Scope
from dpone_compiler.sql.identifiers import column

# How a partition is named, for people.
PARTITION_FORMS = {
    "value": "write the value of the column as the target prints it",
    "hour": "write the start of the hour, YYYY-MM-DD HH:00:00",
    "day": "write the day, YYYY-MM-DD",
    "month": "write the first day of the month, YYYY-MM-01",
    "year": "write the first day of the year, YYYY-01-01",
}


class PredicateDialect(Protocol):
    """What a dialect has to say about windows and partitions."""

    def parameter(self, name: str, type_: DataType) -> exp.Expression:
        """The run parameter as a value that compares with a column of that type."""
        ...

    def contains(self, partitions: PartitionSet, value: exp.Expression) -> exp.Expression:
        """`value` (the bare column) lies in a partition of the list; NULL or false when it does not."""
        ...

    def contains_null(self, partitions: PartitionSet) -> exp.Expression:
        """The list holds JSON null."""
        ...


def interval_predicate(interval: Interval, value: exp.Expression, dialect: PredicateDialect) -> exp.Expression:
    """`low <= value AND value < high`, with the NULL branch only when the interval says so. The column stays bare."""
    window: exp.Expression = exp.LT(this=value.copy(), expression=dialect.parameter(interval.high, interval.type))
    if interval.low:
        low = exp.GTE(this=value.copy(), expression=dialect.parameter(interval.low, interval.type))
        window = exp.And(this=low, expression=window)
    if interval.include_null:
        window = exp.Paren(this=exp.Or(this=exp.Paren(this=window), expression=_is_null(value)))
    return window


def partition_predicate(partitions: PartitionSet, value: exp.Expression, dialect: PredicateDialect) -> exp.Expression:
    """`value` lies in one of the run's partitions; NULL belongs when NULL is a partition of its own and it is listed."""
    inside = dialect.contains(partitions, value)
    if not partitions.include_null:
        return inside
    null = exp.And(this=_is_null(value), expression=dialect.contains_null(partitions))
    return exp.Paren(this=exp.Or(this=exp.Paren(this=inside), expression=exp.Paren(this=null)))


def scope_predicate(scope: Scope, value: exp.Expression, literal: Callable[[str], exp.Expression]) -> exp.Expression:
    """`value` (the bare column) lies in the scope; NULL where it is NULL, so nobody's row. `literal` writes an end in its type."""
    low, high = (None if end is None else literal(end) for end in (scope.low, scope.high))
    if scope.kind == "equality":
        return exp.EQ(this=value.copy(), expression=low)
    parts: list[exp.Expression] = []
    if low is not None:
        parts.append(exp.GTE(this=value.copy(), expression=low))
    if high is not None:
        above = exp.LTE if scope.inclusive else exp.LT
        parts.append(above(this=value.copy(), expression=high))
    return cast(exp.Expression, exp.and_(*parts))


def key_match(key: Sequence[str], left: str, right: str) -> exp.Expression:
    """`left.k = right.k AND …` for every key column: typed and bare, so that an index on either side serves."""
    return cast(exp.Expression, exp.and_(*(exp.EQ(this=column(k, left), expression=column(k, right)) for k in key)))


def any_null(key: Sequence[str], table: str = "") -> exp.Expression:
    """Some key column is NULL."""
    return cast(exp.Expression, exp.or_(*(_is_null(column(k, table)) for k in key)))


def _is_null(value: exp.Expression) -> exp.Expression:
    return exp.Is(this=value.copy(), expression=exp.Null())
