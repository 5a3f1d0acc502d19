"""ClickHouse type names to logical types.

https://clickhouse.com/docs/sql-reference/data-types
"""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.clickhouse_native import Native, parse_native

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
