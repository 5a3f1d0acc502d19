"""What a manifest may say of a new table's storage: an order of loaded columns, and one column cut to a unit as partitions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dpone_compiler.backends.clickhouse.partition_key import NAME, elements, plain_name
from dpone_compiler.backends.clickhouse.profile import is_legacy
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import PartitionUnit
from dpone_compiler.ir.schema import Column
from dpone_compiler.ir.storage import storage_of
from dpone_compiler.spi.backend import NewTable

_FORM = re.compile(rf"\s*(?:([A-Za-z0-9]+)\s*\(\s*{NAME}\s*\)|{NAME})\s*", re.DOTALL)
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Names that the server quotes although they look plain: src/IO/WriteHelpers.h, and what its parser takes for something else.
_QUOTED = frozenset(
    {"distinct", "all", "table", "null", "true", "false", "select", "from", "where", "union", "array", "tuple"}
)


def storage_refusal(new: NewTable, version: str) -> str:
    """Why the table cannot be laid out as the manifest says; '' when it can, or when it says nothing. `version`: as the engine keeps it."""
    asked, write = storage_of(new.load), new.load.write
    engine = "ReplacingMergeTree" if version else "MergeTree"
    if asked.engine and asked.engine.partition("(")[0].strip() != engine:
        return f"its steps need the engine {engine}, and physical_design says {asked.engine}; strategy.merge_policy decides"
    # Never NULL in the target, whatever the source says.
    bound = {*write.key, write.partition.column if write.partition else ""}
    usable = {c.name: c for c in new.columns if (not c.nullable or c.name in bound) and c.name not in new.own}
    for name in asked.order_by:
        if name not in usable:
            return f"physical_design orders by {name!r}, which is no loaded column that is never NULL"
    if asked.order_by and version and set(asked.order_by) != set(write.key):
        return "a ReplacingMergeTree keeps one row of its order, so physical_design may order by the key alone"
    return _partition_refusal(new, asked.partition_by, usable, version) if asked.partition_by else ""


def _partition_refusal(new: NewTable, asked: str, usable: Mapping[str, Column], version: str) -> str:
    found, wanted = elements(respelled(asked)), new.load.write.partition
    if len(found) != 1 or (asked.strip().startswith("toDate32") and is_legacy(new.engine)):
        return f"physical_design partitions by {asked!r}, which is neither a column nor one of toYear, toYYYYMM, toYYYYMMDD, toDate of it"
    column, unit = usable.get(found[0].column), found[0].unit
    if column is None:
        return f"physical_design partitions by {found[0].column!r}, which is no loaded column that is never NULL"
    least = (Kind.TIMESTAMP,) if unit is PartitionUnit.HOUR else (Kind.DATE, Kind.TIMESTAMP)
    if unit is not PartitionUnit.VALUE and column.type.kind not in least:
        return f"physical_design partitions by {asked}, and {column.name!r} is {column.type.label()}"
    if wanted is not None and (wanted.column, wanted.unit) != (column.name, unit):
        return (
            f"physical_design partitions by {asked}, and strategy.partition by {wanted.unit.value} of {wanted.column!r}"
        )
    if version and column.name not in new.load.write.key:
        return f"versions of a row collapse inside one partition only, and {column.name!r} is not in the key"
    return ""


def respelled(partition_by: str) -> str:
    """The same key as the server prints it; as it was where it is of another form."""
    match = _FORM.fullmatch(partition_by)
    if match is None:
        return partition_by
    function, inner, bare = match.groups()
    spelt = spelled(plain_name(inner or bare))
    return f"{function}({spelt})" if function else spelt


def spelled(name: str) -> str:
    """A name as the server prints it in a key: plain where it can be, else quoted with its own escapes."""
    if _BARE.fullmatch(name) and name.lower() not in _QUOTED:
        return name
    return "`" + "".join(_ESCAPES.get(char, char) for char in name) + "`"


_ESCAPES = {"\\": "\\\\", "`": "\\`", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", "\b": "\\b", "\f": "\\f"}
