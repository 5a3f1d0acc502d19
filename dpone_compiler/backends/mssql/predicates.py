"""How SQL Server reads run parameters in windows and partition sets. The column stays bare, so that an index serves.

Texts of dates and times are read with a style or in ISO form, so neither the session's language nor its DATEFORMAT matters.
https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.shapes import convert, parameter, shape, text
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import PartitionSet, Scope
from dpone_compiler.sql.predicates import scope_predicate

# Compares code unit by code unit, whatever the collation of the column: two texts that a collation calls equal are two partitions.
BINARY = "Latin1_General_100_BIN2"
_WHOLE = "CONVERT(nvarchar(max), :value)"
UNITS = {"hour": "HOUR", "day": "DAY", "month": "MONTH", "year": "YEAR"}


class MssqlPredicates:
    """The dialect's hook of sql/predicates.py. `given`: the type that a bound was written as, where it is not the column's."""

    def __init__(self, given: DataType | None = None) -> None:
        self._given = given

    def parameter(self, name: str, type_: DataType) -> exp.Expression:
        """The run parameter as a value of the column's family."""
        return bound(parameter(name), type_, self._given or type_)

    def contains(self, partitions: PartitionSet, value: exp.Expression) -> exp.Expression:
        """Unit value: the bare column against the listed values. Time units: a range a listed unit."""
        listed, type_ = parameter(partitions.parameter), partitions.type
        if has_unit(partitions.unit, type_):
            start = from_wall(shape("j.[value]"), type_)
            template = (
                "EXISTS (SELECT 1 FROM OPENJSON(:listed) AS j"
                f" WHERE :value >= :start AND :value < DATEADD({UNITS[partitions.unit]}, 1, :start))"
            )
            return shape(template, listed=listed, value=value, start=start)
        if type_.kind is Kind.TEXT:
            # `=` calls 'a' and 'A', or 'a' and 'a ', equal; the first test is for an index, the second for the truth. The named
            # collation is for columns of another one than the database's, which could not be compared (Msg 468).
            return shape(
                ":value IN (SELECT j.[value] COLLATE DATABASE_DEFAULT FROM OPENJSON(:listed) AS j)"
                f" AND EXISTS (SELECT 1 FROM OPENJSON(:listed) AS j WHERE {_same_text(_WHOLE, 'j.[value]')})",
                value=value,
                listed=listed,
            )
        read = bound(shape("j.[value]"), type_, type_)
        return shape(
            ":value IN (SELECT :read FROM OPENJSON(:listed) AS j WHERE NOT j.[value] IS NULL)",
            value=value,
            read=read,
            listed=listed,
        )

    def contains_null(self, partitions: PartitionSet) -> exp.Expression:
        """The list holds JSON null."""
        listed = parameter(partitions.parameter)
        return shape("EXISTS (SELECT 1 FROM OPENJSON(:listed) AS j WHERE j.[value] IS NULL)", listed=listed)


PREDICATES = MssqlPredicates()


def bound(value: exp.Expression, type_: DataType, given: DataType) -> exp.Expression:
    """A text as a value that compares with a column of that type. '-infinity' (of Postgres) is the least value there is."""
    read = _read(value, type_, given)
    if given.kind is Kind.TIMESTAMP or given.kind is Kind.DATE:
        least = least_value(type_, given)
        return shape("CASE WHEN :value = N'-infinity' THEN :least ELSE :read END", value=value, least=least, read=read)
    return read


def in_scope(scope: Scope, value: exp.Expression, type_: DataType) -> exp.Expression:
    """The scope on a bare column of that type. Instants are given in UTC."""

    def literal(end: str) -> exp.Expression:
        return _read(parameter(end), type_, scope.type) if end in scope.params else _read(text(end), type_, type_)

    inside = scope_predicate(scope, value, literal)
    if type_.kind is not Kind.TEXT or scope.low is None:
        return inside
    # As with partitions: `=` is for an index, and calls 'a', 'A' and 'a ' equal, which are rows of other scopes.
    exact = f":inside AND {_same_text(f'RTRIM({_WHOLE})' if type_.padded else _WHOLE, ':low')}"
    low = literal(scope.low)
    return shape(exact, inside=inside, value=value, low=shape("RTRIM(:low)", low=low) if type_.padded else low)


def _same_text(one: str, other: str) -> str:
    """A template: every code unit alike, and trailing blanks too, which no collation counts."""
    return f"{one} COLLATE {BINARY} = {other} COLLATE {BINARY} AND DATALENGTH({one}) = DATALENGTH({other})"


def least_value(type_: DataType, given: DataType) -> exp.Expression:
    """The value that '-infinity' stands for."""
    return _read(text("0001-01-01"), type_, given)


def _read(value: exp.Expression, type_: DataType, given: DataType) -> exp.Expression:
    match type_.kind:
        case Kind.TIMESTAMP if given.tz and not type_.tz:
            wall = shape("SWITCHOFFSET(:read, '+00:00')", read=convert("datetimeoffset(7)", value))
            return convert("datetime2(7)", wall)
        case Kind.TIMESTAMP:
            # A text without an offset is +00:00: datetimeoffset-transact-sql.
            return convert("datetimeoffset(7)", value) if type_.tz else convert("datetime2(7)", value, 121)
        case Kind.DATE if given.kind is Kind.TIMESTAMP:
            return convert("date", convert("datetimeoffset(7)" if given.tz else "datetime2(7)", value))
        case Kind.DATE:
            return convert("date", value, 23)
        case Kind.INT if type_.native == "rowversion":
            # As a number it has no sign; the least number stands for the beginning.
            number = convert("bigint", value)
            return convert("binary(8)", shape("CASE WHEN :number < 0 THEN 0 ELSE :number END", number=number))
        case Kind.INT:
            return convert("bigint" if type_.signed or (type_.bits or 64) < 64 else "decimal(20,0)", value)
        case Kind.DECIMAL:
            return convert(f"decimal(38,{type_.scale or 0})", value)
        case Kind.UUID:
            return convert("uniqueidentifier", value)
        case Kind.BOOL:
            return convert("bit", value)
        case Kind.TIME:
            return convert("time(7)", value)
        case _:
            return convert("nvarchar(max)", value)


def has_unit(unit: str, type_: DataType) -> bool:
    """Whether the partition value differs from the column's value."""
    return unit in UNITS and not (unit == "day" and type_.kind is Kind.DATE)


def from_wall(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The text of a unit's start (UTC) as a value that compares with the bare column."""
    if type_.kind is Kind.DATE:
        return convert("date", value, 23)
    return convert("datetimeoffset(7)", value) if type_.tz else convert("datetime2(7)", value, 121)


def partition_text(value: exp.Expression, unit: str, type_: DataType) -> exp.Expression:
    """The partition value of a row as text, in the forms that sql/predicates.py describes."""
    wall = convert("datetime2(7)", shape("SWITCHOFFSET(:value, '+00:00')", value=value)) if type_.tz else value
    if has_unit(unit, type_):
        return _unit_text(wall, unit)
    if type_.kind is Kind.TIMESTAMP:
        plain = convert("nvarchar(26)", convert("datetime2(6)", wall), 121)
        return shape(":plain + N'+00:00'", plain=plain) if type_.tz else plain
    if type_.kind is Kind.DATE:
        return convert("nvarchar(10)", value, 23)
    if type_.kind is Kind.UUID:
        return shape("LOWER(:value)", value=convert("nvarchar(36)", value))
    if type_.kind is Kind.TEXT:
        return shape(f":value COLLATE {BINARY}", value=convert("nvarchar(max)", value))
    return convert("nvarchar(50)", value)


def _unit_text(wall: exp.Expression, unit: str) -> exp.Expression:
    match unit:
        case "hour":
            # The first 13 characters of style 121: yyyy-mm-dd hh.
            return shape(":hour + N':00:00'", hour=convert("nvarchar(13)", convert("datetime2(0)", wall), 121))
        case "month":
            start = shape("DATEFROMPARTS(YEAR(:wall), MONTH(:wall), 1)", wall=wall)
        case "year":
            start = shape("DATEFROMPARTS(YEAR(:wall), 1, 1)", wall=wall)
        case _:
            start = convert("date", wall)
    return convert("nvarchar(10)", start, 23)


def lowest(type_: DataType) -> str:
    """The least value of a cursor's type, as its source writes it: the low end of a load's first window."""
    least = {8: "0", 16: "-32768", 32: "-2147483648", 64: "-9223372036854775808"}
    return least[type_.bits or 64] if type_.kind is Kind.INT else "-infinity"
