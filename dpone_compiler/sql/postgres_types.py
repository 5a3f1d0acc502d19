"""Postgres types to logical types and back."""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.postgres_native import NativeType, NativeTypeError, read_native

_FIXED: dict[str, DataType] = {
    "boolean": DataType(kind=Kind.BOOL),
    "smallint": DataType(kind=Kind.INT, bits=16),
    "integer": DataType(kind=Kind.INT, bits=32),
    "bigint": DataType(kind=Kind.INT, bits=64),
    "oid": DataType(kind=Kind.INT, bits=32, signed=False),
    "real": DataType(kind=Kind.FLOAT, bits=32),
    "double precision": DataType(kind=Kind.FLOAT, bits=64),
    "text": DataType(kind=Kind.TEXT),
    "name": DataType(kind=Kind.TEXT, length=63),
    "bytea": DataType(kind=Kind.BYTES),
    "uuid": DataType(kind=Kind.UUID),
    "date": DataType(kind=Kind.DATE),
    "json": DataType(kind=Kind.JSON, native="json"),
    "jsonb": DataType(kind=Kind.JSON, native="jsonb"),
}
_TEMPORAL = {
    "timestamp with time zone": (Kind.TIMESTAMP, True),
    "timestamp without time zone": (Kind.TIMESTAMP, False),
    "time with time zone": (Kind.TIME, True),
    "time without time zone": (Kind.TIME, False),
}


def parse_type(native: str) -> DataType:
    """The logical type of a native text; what is not known (enums, domains, extensions) is OTHER with its own spelling."""
    try:
        parts = read_native(native)
    except NativeTypeError:
        return DataType(kind=Kind.OTHER, native=native)
    element = _scalar(parts)
    return DataType(kind=Kind.ARRAY, element=element, native=parts.text) if parts.array else element


def _scalar(parts: NativeType) -> DataType:
    numbers = tuple(int(arg) for arg in parts.args if arg.lstrip("-").isdigit())
    if parts.name in _FIXED:
        return _FIXED[parts.name]
    if parts.name in _TEMPORAL:
        kind, zone = _TEMPORAL[parts.name]
        return DataType(kind=kind, tz=zone, precision=numbers[0] if numbers else 6)
    if parts.name == "numeric":
        # Without a precision any number of digits fits: https://www.postgresql.org/docs/current/datatype-numeric.html
        return DataType(
            kind=Kind.DECIMAL, precision=numbers[0] if numbers else None, scale=numbers[1] if numbers else None
        )
    if parts.name in ("character varying", "character"):
        length = numbers[0] if numbers else None
        return DataType(kind=Kind.TEXT, length=length, padded=parts.name == "character")
    if parts.name.startswith("interval"):
        fields = "" if parts.name == "interval" else NativeType(parts.name, parts.args, False).text
        return DataType(kind=Kind.INTERVAL, precision=numbers[0] if numbers else None, native=fields)
    return DataType(kind=Kind.OTHER, native=NativeType(parts.name, parts.args, False).text)


def propose_type(type_: DataType) -> str:  # noqa: C901, PLR0912 - one arm a family
    """The Postgres type for a new column that holds every value of the logical type."""
    match type_.kind:
        case Kind.BOOL:
            return "boolean"
        case Kind.INT:
            return _integer(type_)
        case Kind.DECIMAL:
            return "numeric" if type_.precision is None else f"numeric({type_.precision},{type_.scale or 0})"
        case Kind.FLOAT:
            return "real" if type_.bits == 32 else "double precision"
        case Kind.TEXT:
            if type_.length is None or type_.length > 10_485_760:  # the limit of varchar(n): datatype-character.html
                return "text"
            return f"character({type_.length})" if type_.padded else f"character varying({type_.length})"
        case Kind.BYTES:
            return "bytea"
        case Kind.TIMESTAMP:
            # 6 fractional digits at most: datatype-datetime.html
            digits = "" if type_.precision is None or type_.precision >= 6 else f"({type_.precision})"
            return f"timestamp{digits} {'with' if type_.tz else 'without'} time zone"
        case Kind.TIME:
            digits = "" if type_.precision is None or type_.precision >= 6 else f"({type_.precision})"
            return f"time{digits} {'with' if type_.tz else 'without'} time zone"
        case Kind.JSON:
            return type_.native if type_.native in ("json", "jsonb") else "jsonb"
        case Kind.ARRAY:
            return f"{propose_type(type_.element)}[]" if type_.element else "text[]"
        case Kind.INTERVAL:
            return type_.native or ("interval" if type_.precision is None else f"interval({type_.precision})")
        case Kind.UUID | Kind.DATE:
            return str(type_.kind.value)
        case Kind.ENUM | Kind.OTHER:
            return "text"


def _integer(type_: DataType) -> str:
    bits = (type_.bits or 64) + (0 if type_.signed else 1)  # an unsigned integer needs one bit more in a signed one
    for width, name in ((16, "smallint"), (32, "integer"), (64, "bigint")):
        if bits <= width:
            return name
    digits = len(str(2 ** (type_.bits or 64)))
    return f"numeric({digits},0)"
