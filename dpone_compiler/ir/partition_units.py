"""Units of time that a table is partitioned by: whether two ends are those of one unit."""

from __future__ import annotations

from datetime import datetime, timedelta

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import Partitioning, PartitionUnit
from dpone_compiler.ir.schema import Column


def unit_of_bounds(wanted: Partitioning, column: Column | None) -> PartitionUnit | None:
    """The unit of the bounds; a date's own value is its day. None for values of other types."""
    if wanted.unit is not PartitionUnit.VALUE:
        return wanted.unit
    return PartitionUnit.DAY if column is not None and column.type.kind is Kind.DATE else None


def is_one_unit(low: datetime, high: datetime, unit: PartitionUnit) -> bool:
    """Whether `low` is the start of an hour, day, month or year, and `high` that of the next. Both in UTC, or both without a zone."""
    midnight = low.replace(hour=0, minute=0, second=0, microsecond=0)
    start = {
        PartitionUnit.HOUR: low.replace(minute=0, second=0, microsecond=0),
        PartitionUnit.DAY: midnight,
        PartitionUnit.MONTH: midnight.replace(day=1),
        PartitionUnit.YEAR: midnight.replace(month=1, day=1),
    }[unit]
    return low == start and high == _after(low, unit)


def _after(start: datetime, unit: PartitionUnit) -> datetime | None:
    try:
        match unit:
            case PartitionUnit.HOUR:
                return start + timedelta(hours=1)
            case PartitionUnit.MONTH:
                return (start + timedelta(days=32)).replace(day=1)
            case PartitionUnit.YEAR:
                return start.replace(year=start.year + 1)
            case _:
                return start + timedelta(days=1)
    except (OverflowError, ValueError):  # the last unit of the calendar
        return None
