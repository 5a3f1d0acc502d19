"""Whether the catalog proves that partitions of the target can be exchanged by ALTER TABLE … SWITCH: every fact that does not hold.

What the two tables of a SWITCH must have in common:
https://learn.microsoft.com/en-us/sql/t-sql/statements/alter-table-transact-sql#switch
https://learn.microsoft.com/en-us/previous-versions/sql/sql-server-2008-r2/ms191160(v=sql.105)
The server's own refusals, Msg 4902 to 4985, 7733, 11412:
https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors-4000-to-4999
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from dpone_compiler.ir.load import Load, Partitioning, PartitionUnit
from dpone_compiler.ir.partition_units import is_one_unit, unit_of_bounds
from dpone_compiler.ir.partitioning import CLUSTERED, NONCLUSTERED, RangePartitioning
from dpone_compiler.ir.schema import PartitionStat, TableFacts
from dpone_compiler.sql.mssql_native import NativeTypeError, read_native

# Of the hazards of every table (backends/mssql/hazards.py); `filtered_unique_index` and `columnstore` are told with their indexes.
_HANGING = {
    "trigger": "trigger {} would not fire",
    "instead_of_trigger": "trigger {} would not fire",
    "incoming_foreign_key": "{} refers to it, which SWITCH refuses (4967)",
    "indexed_view": "indexed view {} is bound to it, and a new table has none (11420)",
    "temporal": "it keeps its history in {}, which SWITCH would not write",
    "history_table": "it is the history of {}",
    "change_data_capture": "change data capture would not see the rows",
    "change_tracking": "change tracking would not see the rows, and SWITCH is refused",
    "replication": "it is published, and the rows would not be sent",
    "security_policy": "security policy {} would be passed by",
    "memory_optimized": "it is memory-optimised",
}
_OBSTACLES = {
    "foreign_key": "foreign key {} is not made again on a new table (4968)",
    "untrusted_check": "CHECK constraint {} is disabled or was not checked for every row",
    "full_text": "a full-text index is on {} (4918)",
    "read_only_filegroup": "filegroup {} is read-only",
    "column": "column {}",
    "setting": "it is {}",
}
_COMPRESSIONS = ("none", "row", "page")
_BOUND = re.compile(r"from (?P<low>\d{4}-\d\d-\d\d.*?) to (?P<high>\d{4}-\d\d-\d\d.*)")


def obstacles(load: Load, table: TableFacts | None) -> tuple[str, ...]:
    """Why partitions cannot be exchanged by SWITCH, each fact once; () when the catalog proves that they can."""
    wanted = load.write.partition
    if wanted is None or table is None:
        return ("no catalog snapshot proves how the target is partitioned; run `dponec introspect`",)
    if not table.structure.partition_key:
        return ("the target is not partitioned",)
    if table.partitioning is None:
        return ("the snapshot does not say how the target is partitioned; run `dponec introspect` again",)
    return (
        *_ranges(wanted, table, table.partitioning),
        *_indexes(table.partitioning),
        *_without_the_column(table.partitioning),
        *(_HANGING[kind].format(name) for kind, name in table.structure.hazards if kind in _HANGING),
        *(_OBSTACLES.get(kind, f"{kind} {{}}").format(name) for kind, name in table.partitioning.obstacles),
        *_columns(load, table),
    )


def _ranges(wanted: Partitioning, table: TableFacts, facts: RangePartitioning) -> Iterator[str]:
    if facts.column != wanted.column:
        yield f"the target is partitioned by {facts.column}, and the load by {wanted.column}"
        return
    if facts.boundary != "right":
        yield f"partition function {facts.function} is RANGE LEFT: the first instant of a unit belongs to the partition before it"
    if wanted.nulls == "own":
        yield "rows without a partition value lie in the leftmost partition, beside others"
    unit = unit_of_bounds(wanted, table.structure.column(wanted.column))
    if unit is None:
        yield "a partition of a single value has no unit"
        return
    inner = [part for part in table.statistics.partitions if part.bound.startswith("from") and " to " in part.bound]
    if not inner:
        yield f"partition function {facts.function} has no partition with two bounds"
    odd = next((part for part in inner if not _whole(part, unit)), None)
    if odd is not None:
        yield f"partition {odd.id} is no whole {unit.value}: {odd.bound}"
    packed = next((part for part in table.statistics.partitions if part.compression not in _COMPRESSIONS), None)
    if packed is not None:
        yield f"the compression of partition {packed.id} is {packed.compression or 'not known'}"


def _indexes(facts: RangePartitioning) -> Iterator[str]:
    """An index of another kind, or in another place, has no twin on a new table (4947, 7733)."""
    for index in facts.indexes:
        if index.kind not in (CLUSTERED, NONCLUSTERED):
            yield f"index {index.name} is {index.kind}"
        elif index.partitioned_by != facts.placed:
            yield f"index {index.name} lies in {index.partitioned_by}, and the table in {facts.placed}: it is not aligned"
        if index.options:
            yield f"index {index.name} is {', '.join(index.options)}"


def _without_the_column(facts: RangePartitioning) -> Iterator[str]:
    """The server adds the partition column to an index that does not name it, and a table without partitions has no such addition.

    A clustered key is part of every other index, so where it names the column the others need not: "To switch partitions, all
    nonclustered indexes must include the partition key" is said of a table without a clustered key.
    """
    clustered = [index for index in facts.indexes if index.kind == CLUSTERED]
    for index in clustered or facts.indexes:
        named = {*(name for name, _ in index.columns), *index.included}
        if facts.column not in named:
            yield f"index {index.name} does not name {facts.column}, which its twin on a new table would lack"


def _columns(load: Load, table: TableFacts) -> Iterator[str]:
    """A new table has every column of the target, in its order and with its collation, and no defaults; so all of them are loaded."""
    columns = load.decisions.columns
    loaded = {moved.target.name for moved in columns} if isinstance(columns, tuple) else set()
    for column in table.structure.columns:
        if column.name not in loaded and not column.generated:
            yield f"column {column.name} is not loaded, and a new table would not fill it"
        try:
            read_native(column.native)
        except NativeTypeError:
            yield f"column {column.name} has a type of its own: {column.native}"


def _whole(part: PartitionStat, unit: PartitionUnit) -> bool:
    """The bound runs from the start of a unit (in UTC) to the start of the next."""
    ends = _BOUND.fullmatch(part.bound)
    if ends is None:
        return False
    low, high = (_instant(end) for end in ends.group("low", "high"))
    return low is not None and high is not None and is_one_unit(low, high, unit)


def _instant(text: str) -> datetime | None:
    """A bound as the snapshot has it. A tenth of a microsecond, which Python does not hold, is no start of anything."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.0+)?(?: \+00:00)?)?", text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00:00'}").replace(tzinfo=UTC)
    except ValueError:
        return None
