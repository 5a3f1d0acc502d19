"""A moved column as its sink will hold it, computed by the source. What is sent and what is digested are both made of this one value,
so neither can round, cut or shift it in a way of its own."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.losses import kept_value, offends
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.backends.mssql.texts import plain_text
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.loss import Question, refused_losses
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.own_words import opaque

_EXACT = (Kind.INT, Kind.DECIMAL)
# CONVERT cuts what stands behind the 36 characters of a uuid without a word; '' it refuses (Msg 8169).
# https://learn.microsoft.com/en-us/sql/t-sql/data-types/uniqueidentifier-transact-sql
_WHOLE_UUID = """CASE WHEN :text IS NULL OR DATALENGTH(:text) = 72 OR (DATALENGTH(:text) = 76 AND :text LIKE N'{%}')
     THEN :text ELSE N'' END"""
# The most digits of a decimal: https://learn.microsoft.com/en-us/sql/t-sql/data-types/decimal-and-numeric-transact-sql
MOST_DIGITS = 38


def source_value(moved: MovedColumn) -> exp.Expression:
    """The value as the source computes it. Raises NativeTypeError when the cast names no type of SQL Server."""
    value = opaque(moved.sql) if moved.sql is not None else column(moved.source.name)
    return convert(moved.source.native, value) if moved.sql is not None or moved.cast else value


def _kept(moved: MovedColumn) -> exp.Expression:
    value = kept_value(moved, source_value(moved))
    return convert("bigint", value) if moved.source.type.native == "rowversion" else value


def _wall(value: exp.Expression) -> exp.Expression:
    return convert("datetime2(7)", shape("SWITCHOFFSET(:value, '+00:00')", value=value))


def _converted(moved: MovedColumn, native: str, value: exp.Expression) -> exp.Expression:
    """NULL where the conversion would stop (Msg 8115, 242) at a value that the run's own count refuses: that count comes out of the same
    snapshot, with bcp of the same statement, and names the column. Every other value that does not convert stops the load."""
    made = convert(native, value)
    given = moved.source.type
    stops = [
        offends(loss, source_value(moved), given)
        for loss in refused_losses(moved.losses, moved.lossy)
        if loss.test is Question.OUTSIDE or (loss.test is Question.ROUNDED and given.kind is Kind.FLOAT)
    ]
    if not stops:
        return made
    return shape("CASE WHEN :stops THEN NULL ELSE :made END", stops=exp.or_(*stops), made=made)  # type: ignore[arg-type]


def stored_value(moved: MovedColumn) -> exp.Expression:
    """For a SQL Server sink: of the target's type, and a text for a target of texts, which is never cut here."""
    value, given, wanted = _kept(moved), moved.source.type, moved.target.type
    if wanted.kind is Kind.TEXT:
        return plain_text(value, given)
    if wanted.kind is Kind.BYTES:
        return value
    if given.tz and not wanted.tz and wanted.kind in (Kind.TIMESTAMP, Kind.DATE):
        value = _wall(value)
    if given.kind is Kind.TEXT and wanted.kind is Kind.UUID:
        value = shape(_WHOLE_UUID, text=plain_text(value, given))
    return _converted(moved, moved.target.native, value)


def held_value(moved: MovedColumn) -> tuple[exp.Expression, DataType]:
    """For another engine, with its type here: instants as UTC wall clock, nothing finer than the target's column."""
    value, given, wanted = _kept(moved), moved.source.type, moved.target.type
    if given.native == "rowversion":
        given = DataType(kind=Kind.INT, bits=64)
    if given.kind is Kind.TIMESTAMP:
        wall = _wall(value) if given.tz else value
        if wanted.kind is Kind.DATE:
            return convert("date", wall), DataType(kind=Kind.DATE)
        digits = _digits(wanted) if wanted.kind is Kind.TIMESTAMP else 6
        return convert(f"datetime2({digits})", wall), DataType(kind=Kind.TIMESTAMP, precision=digits)
    if given.kind is Kind.DATE and wanted.kind is Kind.TIMESTAMP:
        return convert("datetime2(0)", value), DataType(kind=Kind.TIMESTAMP, precision=0)
    if given.kind is Kind.TIME and wanted.kind is Kind.TIME:
        return convert(f"time({_digits(wanted)})", value), DataType(kind=Kind.TIME, precision=_digits(wanted))
    if given.kind in (*_EXACT, Kind.FLOAT) and wanted.kind is Kind.FLOAT:
        bits = wanted.bits or 64
        native = "real" if bits == 32 else "float"
        return _converted(moved, native, value), DataType(kind=Kind.FLOAT, bits=bits)
    if given.kind is Kind.FLOAT and wanted.kind is Kind.DECIMAL and (wanted.precision or 1000) <= MOST_DIGITS:
        scale = max(0, wanted.scale or 0)
        return _converted(moved, f"decimal({wanted.precision},{scale})", value), _decimal(scale)
    if given.kind is Kind.DECIMAL:
        scale = given.scale or 0
        if wanted.kind is Kind.INT or (wanted.kind is Kind.DECIMAL and wanted.scale is not None):
            scale = 0 if wanted.kind is Kind.INT else min(scale, wanted.scale or 0)
        return convert(f"decimal(38,{scale})", value), _decimal(scale)
    return value, given


def _digits(wanted: DataType) -> int:
    return min(6, 6 if wanted.precision is None else wanted.precision)


def _decimal(scale: int) -> DataType:
    return DataType(kind=Kind.DECIMAL, precision=MOST_DIGITS, scale=scale)
