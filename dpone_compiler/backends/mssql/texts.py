"""The one text of a value that goes into a column of texts: what is sent, what is digested and what is measured against the column.

CONVERT(nvarchar(max), value) alone says something else of most types: six digits of a float, two of money, 'Jan  1 2026 12:00AM',
bytes read as UTF-16. https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.canonical import canonical_text
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.expr.types import DataType, Kind

# Whose plain texts are varchar, and have nothing to escape.
ASCII = (Kind.BOOL, Kind.INT, Kind.DECIMAL, Kind.FLOAT, Kind.BYTES, Kind.UUID, Kind.DATE, Kind.TIME, Kind.TIMESTAMP)
# A sql_variant is no longer than 8016 bytes, and converts to none of the (max) types: sql-variant-transact-sql. Of nvarchar there is
# no type that takes 8000 characters of a code page.
_VARIANT = """CASE WHEN DATALENGTH(:value) > 4000 AND SQL_VARIANT_PROPERTY(:value, 'BaseType') IN ('char', 'varchar')
     THEN :long ELSE :short END"""


def as_text(value: exp.Expression, type_: DataType) -> exp.Expression:
    """nvarchar(max); NULL for NULL. Floats have 17 digits, money four after the point, times seven, instants keep their offset,
    bytes and uuids are in lower case."""
    plain = plain_text(value, type_)
    return convert("nvarchar(max)", plain) if type_.kind in ASCII else plain


def plain_text(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The same, but varchar where the text is ASCII. CONVERT to the type, with the style of `staging.arriving`, gives the value again."""
    match type_.kind:
        case Kind.FLOAT:
            return convert("varchar(40)", value, 3)  # style 3: 17 digits, which give the same float again
        case Kind.TIMESTAMP:
            return convert("varchar(34)", value, 121)
        case Kind.INT if type_.native == "rowversion":
            return convert("varchar(20)", convert("bigint", value))
        case Kind.OTHER if type_.native == "sql_variant":
            long, short = convert("varchar(8000)", value), convert("nvarchar(4000)", value)
            return shape(
                _VARIANT, value=value, long=convert("nvarchar(max)", long), short=convert("nvarchar(max)", short)
            )
        case Kind.BOOL | Kind.INT | Kind.DECIMAL | Kind.DATE | Kind.TIME | Kind.UUID | Kind.BYTES:
            return canonical_text(value, type_)
        case _:
            return convert("nvarchar(max)", shape("RTRIM(:value)", value=value) if type_.padded else value)
