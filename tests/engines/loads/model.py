"""What each strategy means, in plain Python over lists of rows. It knows nothing of plans, SQL or engines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple


class Order(NamedTuple):
    """The row that most loads of these tests move."""

    id: int | None
    amount: Decimal
    note: str | None
    day: date | None
    at: datetime | None


Rows = list[Order]
Test = Callable[[Order], bool]


def order(
    id_: int | None, note: str | None = "", day: str | None = "2026-01-01", at: str | None = "2026-01-01"
) -> Order:
    """An order from short texts; the amount follows from the id."""
    moment = None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Order(
        id_, Decimal(id_ or 0) + Decimal("0.10"), note, None if day is None else date.fromisoformat(day), moment
    )


def everything(_row: Order) -> bool:
    """The filter or window of a load that has none."""
    return True


def key_of(row: Order) -> Hashable:
    """The key that these loads merge by."""
    return row.id


def month_of(row: Order) -> Hashable:
    """The partition that these loads replace."""
    return row.day and (row.day.year, row.day.month)


def full_refresh(source: Rows, where: Test = everything) -> Rows:
    """Exactly the selected rows."""
    return [row for row in source if where(row)]


def append(target: Rows, source: Rows, window: Test) -> Rows:
    """The target and the rows of the window."""
    return target + [row for row in source if window(row)]


def merge(target: Rows, source: Rows, window: Test, where: Test = everything, *, delete_left: bool = False) -> Rows:
    """The staged row for each staged key; other keys as they were, but for those that left the filter where asked."""
    seen = [row for row in source if window(row)]
    staged = [row for row in seen if where(row)]
    gone = {key_of(row) for row in seen if not where(row)} if delete_left else set()
    gone |= {key_of(row) for row in staged}
    return [row for row in target if key_of(row) is None or key_of(row) not in gone] + staged


def partition_replace(
    target: Rows, source: Rows, window: Test, where: Test = everything, *, keyed: bool = True
) -> Rows:
    """Partitions of changed rows (and where their keys live now, when there is a key) hold the source's rows of them."""
    delta = [row for row in source if window(row)]
    affected = {month_of(row) for row in delta}
    if keyed:
        moved = {key_of(row) for row in delta}
        affected |= {month_of(row) for row in target if key_of(row) in moved}
    return [row for row in target if month_of(row) not in affected] + [
        row for row in source if where(row) and month_of(row) in affected
    ]


def ordered(rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Rows as a bag that compares: sorted, NULL first."""
    return sorted(rows, key=lambda row: [(value is not None, str(value)) for value in row])
