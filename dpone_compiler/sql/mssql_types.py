"""SQL Server types to logical types and back."""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.mssql_native import NativeType, NativeTypeError, read_native

# `native` is kept where the family does not say enough: a code page, a coarser clock, a number of money.
_FIXED: dict[str, DataType] = {
    "bit": DataType(kind=Kind.BOOL),
    "tinyint": DataType(kind=Kind.INT, bits=8, signed=False),
    "smallint": DataType(kind=Kind.INT, bits=16),
    "int": DataType(kind=Kind.INT, bits=32),
    "bigint": DataType(kind=Kind.INT, bits=64),
    "money": DataType(kind=Kind.DECIMAL, precision=19, scale=4, native="money"),
    "smallmoney": DataType(kind=Kind.DECIMAL, precision=10, scale=4, native="smallmoney"),
    "real": DataType(kind=Kind.FLOAT, bits=32),
    "float": DataType(kind=Kind.FLOAT, bits=64),
    "date": DataType(kind=Kind.DATE),
    "datetime": DataType(kind=Kind.TIMESTAMP, precision=3, native="datetime"),
    "smalldatetime": DataType(kind=Kind.TIMESTAMP, precision=0, native="smalldatetime"),
    "uniqueidentifier": DataType(kind=Kind.UUID),
    "text": DataType(kind=Kind.TEXT, native="varchar"),
    "ntext": DataType(kind=Kind.TEXT),
    "image": DataType(kind=Kind.BYTES),
    # A counter of the database: moved and compared as the number that it is.
    "rowversion": DataType(kind=Kind.INT, bits=64, native="rowversion"),
}
_CODE_PAGE = ("char", "varchar")
_WIDE = 4000  # the longest nvarchar(n), in UTF-16 units: nchar-and-nvarchar-transact-sql


def parse_type(native: str) -> DataType:
    """The logical type of a native text; what has no family (xml, sql_variant, CLR types, unknown ones) is OTHER."""
    try:
        parts = read_native(native)
    except NativeTypeError:
        return DataType(kind=Kind.OTHER, native=native)
    return _FIXED.get(parts.name) or _sized(parts)


def _sized(parts: NativeType) -> DataType:
    size = None if not parts.args or parts.args[0] == "max" else int(parts.args[0])
    match parts.name:
        case "decimal":
            return DataType(kind=Kind.DECIMAL, precision=size, scale=int(parts.args[1]))
        case "char" | "varchar" | "nchar" | "nvarchar":
            native = "varchar" if parts.name in _CODE_PAGE else ""
            return DataType(kind=Kind.TEXT, length=size, padded=not parts.name.endswith("varchar"), native=native)
        case "binary" | "varbinary":
            return DataType(kind=Kind.BYTES, length=size, padded=parts.name == "binary")
        case "time":
            return DataType(kind=Kind.TIME, precision=size)
        case "datetime2" | "datetimeoffset":
            return DataType(kind=Kind.TIMESTAMP, precision=size, tz=parts.name == "datetimeoffset")
        case _:
            return DataType(kind=Kind.OTHER, native=parts.text)


def propose_type(type_: DataType) -> str:  # noqa: C901 - one arm a family
    """The SQL Server type for a new column that holds every value of the logical type, as far as there is one."""
    match type_.kind:
        case Kind.BOOL:
            return "bit"
        case Kind.INT:
            return _integer(type_)
        case Kind.DECIMAL:
            # 38 digits at most: https://learn.microsoft.com/en-us/sql/t-sql/data-types/decimal-and-numeric-transact-sql
            precision = min(type_.precision or 38, 38)
            return f"decimal({precision},{min(10 if type_.precision is None else type_.scale or 0, precision)})"
        case Kind.FLOAT:
            return "real" if type_.bits == 32 else "float"
        case Kind.TEXT:
            # A character beyond U+FFFF takes two of the n units of nvarchar(n).
            units = None if type_.length is None else type_.length * 2
            return f"nvarchar({units})" if units is not None and 0 < units <= _WIDE else "nvarchar(max)"
        case Kind.BYTES:
            fits = type_.length is not None and 0 < type_.length <= 8000
            return f"varbinary({type_.length})" if fits else "varbinary(max)"
        case Kind.UUID:
            return "uniqueidentifier"
        case Kind.DATE:
            return "date"
        case Kind.TIME:
            return f"time({_digits(type_)})"
        case Kind.TIMESTAMP:
            return f"{'datetimeoffset' if type_.tz else 'datetime2'}({_digits(type_)})"
        case Kind.INTERVAL:
            return "nvarchar(100)"
        case Kind.JSON | Kind.ARRAY | Kind.ENUM | Kind.OTHER:
            return "nvarchar(max)"


def _digits(type_: DataType) -> int:
    return min(6 if type_.precision is None else type_.precision, 7)


def _integer(type_: DataType) -> str:
    bits = type_.bits or 64
    if bits <= 8 and not type_.signed:
        return "tinyint"
    for width, name in ((16, "smallint"), (32, "int"), (64, "bigint")):
        if bits + (0 if type_.signed else 1) <= width:
            return name
    return f"decimal({min(len(str(2**bits)), 38)},0)"
