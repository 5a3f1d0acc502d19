"""What a moved column is on the source: the bare column or the manifest's expression, and its form on the wire."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres.json_rows import digest_text, held_value, json_text
from dpone_compiler.backends.postgres.losses import kept_value
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.sql.identifiers import column, text
from dpone_compiler.sql.own_words import opaque
from dpone_compiler.sql.postgres_native import NativeTypeError, cast, read_native
from dpone_compiler.sql.postgres_types import parse_type

_BUILT_IN = frozenset(Kind) - {Kind.OTHER, Kind.ENUM, Kind.ARRAY}


def source_value(moved: MovedColumn) -> exp.Expression:
    """The value as the source computes it. An expression is cast even when the manifest says no type: a plan that takes it for
    text must not meet the bytes of a number. Raises NativeTypeError when the cast names no type of Postgres."""
    value = opaque(moved.sql) if moved.sql is not None else column(moved.source.name)
    return cast(value, moved.source.native) if moved.sql is not None or moved.cast else value


def wire_value(moved: MovedColumn, sink: str) -> exp.Expression:
    """The value as it is sent: what the column's policy puts in the place of a value that cannot survive, in a form that the
    receiver does not misread."""
    value = kept_value(moved, source_value(moved))
    given, wanted = moved.source.type, moved.target.type
    if given.kind is Kind.TIMESTAMP and wanted.kind in (Kind.TIMESTAMP, Kind.DATE) and sink == "postgres":
        return _between_zones(value, given, wanted)
    if sink == "postgres":
        return exp.cast(value, "text") if _told_as_text(moved) else value
    if sink == "mssql":
        return json_text(value, given, wanted)
    return _foreign_value(value, given, wanted)


def _told_as_text(moved: MovedColumn) -> bool:
    """Whether it goes from another type into a text: COPY writes bool, char(n) and inet otherwise than the cast that is digested."""
    given, wanted = moved.source, moved.target
    plain = given.type.kind is Kind.TEXT and not given.type.padded
    return wanted.type.kind is Kind.TEXT and not plain and not same_native(given.native, wanted.native)


def _between_zones(value: exp.Expression, given: DataType, wanted: DataType) -> exp.Expression:
    # A timestamp's input function drops an offset without a word: datatype-datetime.html#DATATYPE-DATETIME-INPUT-TIME-STAMPS
    if given.tz != wanted.tz:
        return shape(":value AT TIME ZONE 'UTC'", value=value)
    return value


def _foreign_value(value: exp.Expression, given: DataType, wanted: DataType) -> exp.Expression:
    """For tab-separated text of another engine: instants as UTC wall clock, bools as digits, bytes as hex, arrays as JSON.

    Into a text goes the cast to text, for COPY writes some types (char(n), bool, inet) otherwise, and the digest reads the cast.
    """
    if wanted.kind is Kind.TEXT and given.kind is Kind.TEXT and not given.padded:
        return value
    if wanted.kind is Kind.TEXT and given.kind not in (Kind.BYTES, Kind.ARRAY):
        return exp.cast(value, "text")
    match given.kind:
        case Kind.BOOL if wanted.kind in (Kind.BOOL, Kind.INT):
            return shape("(:value)::int", value=value)
        case Kind.TIMESTAMP:
            return _coarsened(shape(":value AT TIME ZONE 'UTC'", value=value) if given.tz else value, wanted)
        case Kind.BYTES:
            return shape("encode(:value, 'hex')", value=value)
        case _ if wanted.kind is Kind.FLOAT and (given.kind, given.bits) != (wanted.kind, wanted.bits):
            return cast(value, "real" if wanted.bits == 32 else "double precision")
        case Kind.DECIMAL if wanted.kind is Kind.DECIMAL and wanted.scale is not None:
            if given.scale is not None and given.scale <= wanted.scale:
                return value
            return shape("round(:value, :scale)", value=value, scale=exp.Literal.number(wanted.scale))
        case Kind.ARRAY:
            return shape("array_to_json(:value)::text", value=value)
        case _:
            return value


def _coarsened(wall: exp.Expression, wanted: DataType) -> exp.Expression:
    if wanted.kind is Kind.DATE:
        return exp.cast(wall, "date")
    if wanted.kind is not Kind.TIMESTAMP or wanted.precision is None or wanted.precision >= 6:
        return wall
    step = f"{10 ** (6 - wanted.precision)} microseconds"
    return shape("date_bin(:step::interval, :wall, TIMESTAMP '2000-01-01')", step=text(step), wall=wall)


def arriving_value(moved: MovedColumn, sink: str) -> tuple[exp.Expression, DataType]:
    """The value as it will be stored, computed on the source, with its type there: what the content digest is taken of."""
    if sink == "mssql":
        kept = kept_value(moved, source_value(moved))
        text_of = digest_text(kept, moved.source.type, moved.target.type)
        return text_of, DataType(kind=Kind.TEXT)
    value = wire_value(moved, sink)
    if sink != "postgres":
        return value, _foreign_type(moved)
    wanted = parse_type(moved.target.native)
    if moved.sql is None and same_native(moved.source.native, moved.target.native):
        return value, wanted
    if wanted.kind not in _BUILT_IN:  # a type of the target that the source need not know
        return exp.cast(value, "text"), DataType(kind=Kind.TEXT)
    return cast(exp.cast(value, "text"), moved.target.native), wanted


def partition_value(moved: MovedColumn, sink: str) -> tuple[exp.Expression, DataType]:
    """The value by which the target puts a row into its partition, computed on the source, with its type."""
    if sink == "mssql":
        kept = kept_value(moved, source_value(moved))
        return held_value(kept, moved.source.type, moved.target.type), moved.target.type
    return arriving_value(moved, sink)


def _foreign_type(moved: MovedColumn) -> DataType:
    given, wanted = moved.source.type, moved.target.type
    if wanted.kind is Kind.TEXT or given.kind is Kind.ARRAY:
        return DataType(kind=Kind.TEXT)
    if wanted.kind is Kind.FLOAT:
        return wanted
    if given.kind is Kind.BOOL and wanted.kind in (Kind.BOOL, Kind.INT):
        return DataType(kind=Kind.INT, bits=32)
    if given.kind is Kind.TIMESTAMP:
        return wanted if wanted.kind is Kind.DATE else DataType(kind=Kind.TIMESTAMP, precision=6)
    return given


def same_native(left: str, right: str) -> bool:
    """Two spellings of one type."""
    try:
        return read_native(left).text == read_native(right).text
    except NativeTypeError:
        return left == right
