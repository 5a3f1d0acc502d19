"""What is read of the source."""

from __future__ import annotations

from dpone_compiler.ir.interval import Interval, PartitionSet, Scope
from dpone_compiler.ir.load import MovedColumn, ParsedSql
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.source.value import value


@value(kw_only=True)
class Selection:
    """Rows of the source: `columns` of `table` where the filter, the window, the partition set and the scope all hold.

    `tombstone`: only rows that it is not true of. `negate_filter`: the rows of the window that filter and tombstone leave out, for
    on_leave_filter: delete (of rows that do not satisfy the filter, false or NULL) and deletes: soft | hard.
    `distinct`: SELECT DISTINCT, for lists of partition values.
    """

    table: TableRef
    columns: tuple[MovedColumn, ...]
    where: ParsedSql | None = None
    tombstone: ParsedSql | None = None
    interval: Interval | None = None
    partitions: PartitionSet | None = None
    scope: Scope | None = None
    negate_filter: bool = False
    distinct: bool = False
