"""Rows for a sink that reads JSON arrays of texts: SQL Server, whose OPENJSON and bcp take them without loss.

One row is one line: a JSON array that holds a text or null a column. JSON escapes every control character, so neither a tab
nor a line break nor a terminator can stand inside a line; null and '' are different things; what a type's text looks like is
said here for each family of the target's column. What the target cannot hold (NaN, infinity, a year beyond 9999) is sent as its
text and refused by the target's own conversion: nothing is clamped.
https://learn.microsoft.com/en-us/sql/relational-databases/json/json-data-sql-server
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.identifiers import text
from dpone_compiler.sql.postgres_native import cast

# The bytes of UTF-16 (little endian), as hexadecimal digits. Only for texts with something else than printable ASCII.
_UTF16 = """array_to_string(ARRAY(SELECT CASE WHEN u.code < 65536
    THEN right(encode(int4send(((u.code & 255) << 8) | (u.code >> 8)), 'hex'), 4)
    ELSE right(encode(int4send((((u.code - 65536) >> 10 & 255) << 8) | (216 + ((u.code - 65536) >> 18))), 'hex'), 4)
      || right(encode(int4send(((u.code & 255) << 8) | (220 + ((u.code & 1023) >> 8))), 'hex'), 4) END
  FROM (SELECT ascii(e.one) AS code, e.place FROM string_to_table(:value, NULL) WITH ORDINALITY AS e (one, place)) AS u
 ORDER BY u.place), '')"""
_TEXT = "CASE WHEN :value COLLATE \"C\" ~ '[^ -~]' THEN '#' || upper(:utf16) ELSE '=' || :value END"
# datetime counts 1/300 s and shows milliseconds: https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetime-transact-sql
TICKS = (
    "date_trunc('second', :wall) + (round((floor(extract(microseconds FROM :wall)::numeric % 1000000 * 300 / 1000000 + 0.5))"
    " * 10 / 3))::float8 * interval '1 millisecond'"
)


def row_of(values: list[exp.Expression]) -> exp.Expression:
    """The line of one row. An ARRAY, because json_build_array takes at most 100 arguments."""
    listed = exp.cast(exp.Array(expressions=values), "text[]")
    return shape("array_to_json(:listed)::text", listed=listed)


def json_text(value: exp.Expression, given: DataType, wanted: DataType) -> exp.Expression:
    """The text by which a value goes into a column of the target. NULL stays NULL."""
    held = held_value(value, given, wanted)
    if wanted.kind is Kind.BYTES:
        return shape("encode(:held, 'hex')", held=held)
    if wanted.kind is Kind.TIMESTAMP and wanted.tz:
        return shape("(:held)::text || '+00:00'", held=held)
    return shape("(:held)::text", held=held)


def held_value(  # noqa: C901, PLR0912 - one arm a pair of families
    value: exp.Expression, given: DataType, wanted: DataType
) -> exp.Expression:
    """The value as the target will hold it, in a type of Postgres."""
    match wanted.kind:
        case Kind.BOOL | Kind.INT if given.kind is Kind.BOOL:
            return shape("(:value)::int", value=value)
        case Kind.INT if given.kind is Kind.DECIMAL:
            return shape("trim_scale(:value)", value=value)
        case Kind.UUID:
            return cast(value, "uuid")
        case Kind.DECIMAL if wanted.scale is not None and given.kind in (Kind.INT, Kind.DECIMAL, Kind.FLOAT):
            return shape("round((:value)::numeric, :scale)", value=value, scale=exp.Literal.number(wanted.scale))
        case Kind.FLOAT if given.kind in (Kind.INT, Kind.DECIMAL, Kind.FLOAT):
            return cast(value, "real" if wanted.bits == 32 else "double precision")
        case Kind.DATE if given.kind in (Kind.DATE, Kind.TIMESTAMP):
            return exp.cast(_wall(value, given), "date")
        case Kind.TIMESTAMP if given.kind in (Kind.DATE, Kind.TIMESTAMP):
            return _timestamp(_wall(value, given), wanted)
        case Kind.TIME if given.kind is Kind.TIME:
            return cast(value, f"time({min(6, 6 if wanted.precision is None else wanted.precision)})")
        case Kind.BYTES if given.kind is Kind.BYTES:
            return value
        case Kind.TEXT if given.kind is Kind.ARRAY:
            return shape("array_to_json(:value)::text", value=value)
        case Kind.TEXT if given.kind is Kind.BYTES:
            return shape("encode(:value, 'hex')", value=value)
        case Kind.TEXT if given.padded or wanted.padded:
            return shape("rtrim((:value)::text, ' ')", value=value)
        case _:
            return shape("(:value)::text", value=value)


def _wall(value: exp.Expression, given: DataType) -> exp.Expression:
    return shape("(:value) AT TIME ZONE 'UTC'", value=value) if given.tz else exp.cast(value, "timestamp")


def _timestamp(wall: exp.Expression, wanted: DataType) -> exp.Expression:
    if wanted.native == "datetime":
        return shape(f"CASE WHEN isfinite(:wall) THEN {TICKS} ELSE :wall END", wall=wall)
    if wanted.native == "smalldatetime":
        minute = "date_trunc('minute', :wall + interval '30 seconds')"
        return shape(f"CASE WHEN isfinite(:wall) THEN {minute} ELSE :wall END", wall=wall)
    return cast(wall, f"timestamp({min(6, 6 if wanted.precision is None else wanted.precision)})")


def digest_text(value: exp.Expression, given: DataType, wanted: DataType) -> exp.Expression:
    """The canonical text of the value that the target holds; backends/mssql/canonical.py computes the same of what it stores."""
    held = held_value(value, given, wanted)
    match wanted.kind:
        case Kind.FLOAT:
            send = "float4send" if wanted.bits == 32 else "float8send"
            return shape("encode(:sent, 'hex')", sent=exp.Anonymous(this=send, expressions=[held]))
        case Kind.TIMESTAMP:
            return shape("to_char(:held, :form) || '0'", held=held, form=text("YYYY-MM-DD HH24:MI:SS.US"))
        case Kind.TIME:
            return shape("to_char((:held)::interval, :form) || '0'", held=held, form=text("HH24:MI:SS.US"))
        case Kind.DATE:
            return shape("to_char(:held, 'YYYY-MM-DD')", held=held)
        case Kind.BYTES:
            return shape("encode(:held, 'hex')", held=held)
        case Kind.BOOL | Kind.INT | Kind.DECIMAL | Kind.UUID:
            return shape("(:held)::text", held=held)
        case _:
            plain = exp.Paren(this=held)
            return shape(_TEXT, value=plain, utf16=shape(_UTF16, value=plain))
