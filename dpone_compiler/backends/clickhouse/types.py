"""ClickHouse type names to logical types and back, and the text form in which a value of each type is received.

https://clickhouse.com/docs/sql-reference/data-types
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.native import Native, parse_native
from dpone_compiler.expr.types import DataType, Kind

_INTEGERS = {f"{sign}Int{bits}": (bits, sign == "") for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)}
_FIXED_DECIMALS = {"Decimal32": 9, "Decimal64": 18, "Decimal128": 38, "Decimal256": 76}
_PLAIN = {
    "Bool": DataType(kind=Kind.BOOL),
    "Float32": DataType(kind=Kind.FLOAT, bits=32),
    "Float64": DataType(kind=Kind.FLOAT, bits=64),
    "String": DataType(kind=Kind.TEXT),
    "UUID": DataType(kind=Kind.UUID),
    "Date": DataType(kind=Kind.DATE),
    "Date32": DataType(kind=Kind.DATE),
    "JSON": DataType(kind=Kind.JSON),
}
MAX_PRECISION = 76


def parse_type(native: str) -> DataType:
    """The logical type of a native text; what we do not know becomes OTHER with its text."""
    parsed = parse_native(native)
    return DataType(kind=Kind.OTHER, native=native) if parsed is None else _logical(unwrapped(parsed), native)


def unwrapped(parsed: Native) -> Native:
    """The type inside of Nullable and LowCardinality."""
    while (
        parsed.name in {"Nullable", "LowCardinality"} and len(parsed.args) == 1 and isinstance(parsed.args[0], Native)
    ):
        parsed = parsed.args[0]
    return parsed


def is_nullable(native: str) -> bool:
    """Whether the type holds NULL: Nullable(…), also inside LowCardinality."""
    parsed = parse_native(native)
    while parsed is not None and parsed.name == "LowCardinality" and parsed.args and isinstance(parsed.args[0], Native):
        parsed = parsed.args[0]
    return parsed is not None and parsed.name == "Nullable"


def _logical(parsed: Native, native: str) -> DataType:
    name, args = parsed.name, parsed.args
    if name in _PLAIN and not args:
        return _PLAIN[name]
    if name in _INTEGERS and not args:
        bits, signed = _INTEGERS[name]
        return DataType(kind=Kind.INT, bits=bits, signed=signed)
    match name, args:
        case "FixedString", (int() as length,):
            return DataType(kind=Kind.TEXT, length=length, padded=True)
        case "Decimal", (int() as precision, int() as scale):
            return DataType(kind=Kind.DECIMAL, precision=precision, scale=scale)
        case "Decimal", (int() as precision,):
            return DataType(kind=Kind.DECIMAL, precision=precision, scale=0)
        case (("Decimal32" | "Decimal64" | "Decimal128" | "Decimal256"), (int() as scale,)):
            return DataType(kind=Kind.DECIMAL, precision=_FIXED_DECIMALS[name], scale=scale)
        case (("DateTime" | "DateTime32"), _):
            return DataType(kind=Kind.TIMESTAMP, precision=0, tz=True)
        case "DateTime64", (int() as precision, *_):
            return DataType(kind=Kind.TIMESTAMP, precision=precision, tz=True)
        case (("Enum8" | "Enum16"), _):
            return DataType(kind=Kind.ENUM, native=native)
        case "Array", (Native() as element,):
            return DataType(kind=Kind.ARRAY, element=_logical(unwrapped(element), native))
        case _:
            return DataType(kind=Kind.OTHER, native=native)


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
