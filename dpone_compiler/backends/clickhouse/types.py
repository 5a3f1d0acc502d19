"""Logical types to ClickHouse types, and the text form in which a value of each type is received.

https://clickhouse.com/docs/sql-reference/data-types
"""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.clickhouse_native import parse_native, write_native
from dpone_compiler.sql.clickhouse_types import parse_type, unwrapped

MAX_PRECISION = 76


def propose_type(kind: DataType) -> str:
    """A native type for a new column, without Nullable; wide enough for every value of the logical type where one exists."""
    match kind.kind:
        case Kind.BOOL:
            return "Bool"
        case Kind.INT:
            return f"{'' if kind.signed else 'U'}Int{kind.bits or 64}"
        case Kind.DECIMAL if kind.precision is not None and kind.precision <= MAX_PRECISION:
            return f"Decimal({kind.precision}, {max(kind.scale or 0, 0)})"
        case Kind.FLOAT:
            return f"Float{kind.bits or 64}"
        case Kind.UUID:
            return "UUID"
        case Kind.DATE:
            return "Date32"
        case Kind.TIMESTAMP:
            return f"DateTime64({6 if kind.precision is None else kind.precision}, 'UTC')"
        case (
            Kind.ARRAY
            | Kind.DECIMAL
            | Kind.TEXT
            | Kind.BYTES
            | Kind.JSON
            | Kind.ENUM
            | Kind.TIME
            | Kind.INTERVAL
            | Kind.OTHER
        ):
            return "String"


def optional(native: str) -> str:
    """The type that also holds NULL."""
    return f"Nullable({native})"


# What servers before 20 have instead: https://clickhouse.com/docs/whats-new/changelog/2020. Losses of it are counted like any.
_OLDER = {"Bool": "UInt8", "Date32": "Date", "DateTime64": "DateTime('UTC')"}
_WIDE = frozenset({"Int128", "Int256", "UInt128", "UInt256"})
_OLDEST_PRECISION = 38


def wanted_type(native: str, *, legacy: bool, nullable: bool) -> str:
    """The type of a column of a new table on this server, Nullable or not."""
    parsed = parse_native(native)
    if parsed is None:
        return native
    inner = unwrapped(parsed)
    base = write_native(inner).text
    if legacy:
        precision = inner.args[0] if inner.name == "Decimal" and inner.args else 0
        wide = inner.name in _WIDE or (isinstance(precision, int) and precision > _OLDEST_PRECISION)
        base = "String" if wide else _OLDER.get(inner.name, base)
    return optional(base) if nullable else base


def wire_form(native: str, source: DataType) -> str:
    """The text that this column wants on a tab separated wire.

    text | int_bool (0 or 1) | utc_timestamp:<precision> (2026-01-31T00:00:00.123456Z) | epoch_seconds (ten digits, zero padded) |
    date | decimal | float | uuid | json_text | hex_bytes (lower-case hex, no prefix).
    """
    target = parse_type(native)
    if source.kind is Kind.BOOL and target.kind in {Kind.BOOL, Kind.INT}:
        return "int_bool"
    if source.kind is Kind.BYTES:
        return "hex_bytes"
    if source.kind is Kind.JSON:
        return "json_text"
    match target.kind:
        case Kind.TIMESTAMP if target.precision == 0 and "DateTime64" not in native:
            # Read alike by the basic parser of 18.16 and by the best-effort one, in every time zone.
            return "epoch_seconds"
        case Kind.TIMESTAMP:
            return f"utc_timestamp:{target.precision}"
        case Kind.DATE:
            return "date"
        case Kind.DECIMAL:
            return "decimal"
        case Kind.FLOAT:
            return "float"
        case Kind.UUID:
            return "uuid"
        case _:
            return "text"
