"""What the server's partition_key text says: which column, cut to which unit; and whether a slice is made of whole partitions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import Partitioning, PartitionUnit
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.sql.clickhouse_names import ident
from dpone_compiler.sql.clickhouse_native import parse_native, unescaped
from dpone_compiler.sql.clickhouse_types import unwrapped
from dpone_compiler.sql.render import Sql, frame

# https://clickhouse.com/docs/sql-reference/functions/date-time-functions
_UNITS = {
    "toYear": PartitionUnit.YEAR,
    "toStartOfYear": PartitionUnit.YEAR,
    "toYYYYMM": PartitionUnit.MONTH,
    "toStartOfMonth": PartitionUnit.MONTH,
    "toDate": PartitionUnit.DAY,
    "toDate32": PartitionUnit.DAY,
    "toYYYYMMDD": PartitionUnit.DAY,
    "toStartOfDay": PartitionUnit.DAY,
    "toStartOfHour": PartitionUnit.HOUR,
}
_NARROW = frozenset({"toDate", "toStartOfYear", "toStartOfMonth", "toStartOfDay", "toStartOfHour"})
_FINENESS = (PartitionUnit.VALUE, PartitionUnit.HOUR, PartitionUnit.DAY, PartitionUnit.MONTH, PartitionUnit.YEAR)
NAME = r"(`(?:[^`\\]|\\.)*`|[A-Za-z_][A-Za-z0-9_]*)"
_ELEMENT = re.compile(rf"^(?:{NAME}|([A-Za-z0-9]+)\({NAME}\))$", re.DOTALL)
_SPLIT = re.compile(r"`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|[(),]|[^`'(),]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class KeyElement:
    """One element of a partition key that we can read."""

    column: str
    unit: PartitionUnit
    narrows: bool = False  # gives a Date or DateTime, whatever the column is


def elements(partition_key: str) -> tuple[KeyElement, ...]:
    """The readable elements of the key; others are left out."""
    text = partition_key.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    elif text.startswith("tuple("):
        text = text[len("tuple(") : -1]
    found = []
    for piece in _top_level(text):
        match = _ELEMENT.match(piece.strip())
        if match is None:
            continue
        bare, function, inner = match.groups()
        if bare is not None:
            found.append(KeyElement(plain_name(bare), PartitionUnit.VALUE))
        elif function in _UNITS:
            found.append(KeyElement(plain_name(inner), _UNITS[function], function in _NARROW))
    return tuple(found)


def slice_refusal(structure: TableStructure | None, wanted: Partitioning) -> str:
    """Why slices by `wanted` are not made of whole partitions of the target; '' when they are.

    Unknown structure refuses too: replacing a month when a day was meant deletes rows that nobody read.
    """
    if structure is None:
        return "whole partitions cannot be told without a catalog snapshot of the target; run `dponec introspect`"
    if not structure.partition_key:
        return "the target has no partition key, so replacing a partition would replace the whole table"
    column = structure.column(wanted.column)
    for element in elements(structure.partition_key):
        if element.column == wanted.column and _fineness(element.unit, column) <= _fineness(wanted.unit, column):
            return ""
    return (
        f"a slice by {wanted.unit.value} of {wanted.column!r} is not made of whole partitions of the target, which is "
        f"partitioned by {structure.partition_key}: rows of the same partition outside of the slice would be lost"
    )


def replacing_refusal(structure: TableStructure, key: tuple[str, ...], carried: tuple[str, ...]) -> str:
    """Why a ReplacingMergeTree does not give the newest version of each key; '' when it does.

    It collapses rows of one sorting key, inside one partition, by the version column.
    https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree
    """
    if not structure.version_column or structure.version_column not in carried:
        return "the ReplacingMergeTree has no version column that this load carries, so which row wins is chance"
    sorted_by = {element.column for element in elements(structure.sorting_key) if element.unit is PartitionUnit.VALUE}
    if sorted_by != set(key) or len(sorted_by) != structure.sorting_key.count(",") + 1:
        return (
            f"the table collapses rows by its sorting key ({structure.sorting_key}), which is not the key of this load"
        )
    parts = elements(structure.partition_key)
    if structure.partition_key and (not parts or any(part.column not in key for part in parts)):
        return (
            f"rows collapse inside one partition only, and a row may move between partitions of {structure.partition_key}, "
            "whose columns are not part of the key"
        )
    return ""


def unit_text(wanted: Partitioning, column: Column | None) -> Sql:
    """The partition value of a row as text: '2026-01-01' for the month of January."""
    name = ident(wanted.column)
    if column is not None and column.nullable:
        name = frame("assumeNotNull(<<name>>)", name=name)
    text = frame("toString(<<name>>)", name=name)
    # Cut as text: toDate and toStartOf… of a Date32 or DateTime64 wrap or stop outside of 1970 to 2149 [run 26.9].
    match wanted.unit:
        case PartitionUnit.VALUE:
            return text
        case PartitionUnit.HOUR:
            return frame("concat(substring(<<text>>, 1, 13), ':00:00')", text=text)
        case PartitionUnit.DAY:
            return frame("substring(<<text>>, 1, 10)", text=text)
        case PartitionUnit.MONTH:
            return frame("concat(substring(<<text>>, 1, 7), '-01')", text=text)
        case PartitionUnit.YEAR:
            return frame("concat(substring(<<text>>, 1, 4), '-01-01')", text=text)


def folds(structure: TableStructure | None, wanted: Partitioning) -> bool:
    """Whether one partition may hold rows of several slices, since its key wraps or stops at the ends of a narrower type.

    So do toDate and toStartOf… of a Date32 or DateTime64: toStartOfMonth gives 1970-01-01 for all that is older [run 26.9].
    """
    column = structure.column(wanted.column) if structure is not None else None
    parsed = parse_native(column.native) if column is not None else None
    if structure is None or parsed is None or unwrapped(parsed).name not in {"Date32", "DateTime64"}:
        return False
    return any(each.column == wanted.column and each.narrows for each in elements(structure.partition_key))


def _fineness(unit: PartitionUnit, column: Column | None) -> int:
    # The value of a date is its day, so the two words mean the same slice.
    if unit is PartitionUnit.VALUE and column is not None and column.type.kind is Kind.DATE:
        unit = PartitionUnit.DAY
    return _FINENESS.index(unit)


def plain_name(name: str) -> str:
    """A name without its quotes and their escapes."""
    return unescaped(name[1:-1]) if name.startswith("`") else name


def _top_level(text: str) -> list[str]:
    pieces, depth = [""], 0
    for token in _SPLIT.findall(text):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces
