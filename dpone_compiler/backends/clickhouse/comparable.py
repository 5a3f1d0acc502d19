"""Watermarks are kept as the source's text; here they become something that ClickHouse can compare."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.render import Sql, frame


def comparable(seen: View, cursor: DataType, value: Sql) -> Sql:
    """A watermark's text as a number or an instant; NULL when it is no value of the cursor's type."""
    if cursor.kind is Kind.INT:
        return frame("toInt64OrNull(<<value>>)", value=value)
    if (
        seen.legacy
    ):  # 18.16 has no type finer than a second; the source writes one fixed form, whose text has the same order
        return value
    return frame("parseDateTime64BestEffortOrNull(<<value>>, 6, 'UTC')", value=value)
