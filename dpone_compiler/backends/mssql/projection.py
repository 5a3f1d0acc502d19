"""What a moved column is on a SQL Server source: the value, its text on the wire, and its canonical text, for each kind of sink.

A sink that reads JSON rows (SQL Server) gets every value in full; the others get tab-separated text as COPY and ClickHouse write
it. Either way a row becomes one line inside the server: the runtime and bcp see a query of one column.
"""

from __future__ import annotations

from sqlglot import exp, parse_one

from dpone_compiler.backends.mssql.canonical import canonical_text
from dpone_compiler.backends.mssql.losses import kept_value
from dpone_compiler.backends.mssql.predicates import BINARY
from dpone_compiler.backends.mssql.script import word
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn, ParsedSql
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.render import Sql, frame, join

# From SQL Server 2019: https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support
UTF8 = "Latin1_General_100_BIN2_UTF8"
_ARGUMENTS = 100
# The escapes of COPY and of TabSeparated. REPLACE compares by the collation of its first argument, hence the binary one.
_ESCAPED = (
    f"REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(:wide COLLATE {BINARY}, N'\\', N'\\\\'), NCHAR(9), N'\\t'), NCHAR(10), N'\\n'),"
    " NCHAR(13), N'\\r'), NCHAR(0), N'\\0')"
)
# Trailing zeros of a decimal, and the point when nothing follows it.
_TRIMMED = "REPLACE(RTRIM(REPLACE(REPLACE(RTRIM(REPLACE(:plain, '0', ' ')), ' ', '0'), '.', ' ')), ' ', '.')"


def parsed(sql: ParsedSql) -> exp.Expression:
    """The tree of an expression that `parse-expressions` has checked; in parentheses, so that nothing binds into it."""
    return exp.Paren(this=parse_one(sql.text, dialect=sql.dialect))


def source_value(moved: MovedColumn) -> exp.Expression:
    """The value as the source computes it. Raises NativeTypeError when the cast names no type of SQL Server."""
    value = parsed(moved.sql) if moved.sql is not None else column(moved.source.name)
    return convert(moved.source.native, value) if moved.sql is not None or moved.cast else value


def _kept(moved: MovedColumn) -> exp.Expression:
    return kept_value(moved, source_value(moved))


def held_value(moved: MovedColumn) -> tuple[exp.Expression, DataType]:
    """The value as another engine will hold it: instants as UTC wall clock, no finer than the target's column."""
    value, given, wanted = _kept(moved), moved.source.type, moved.target.type
    if given.native == "rowversion":
        return convert("bigint", value), DataType(kind=Kind.INT, bits=64)
    if given.kind is Kind.TIMESTAMP:
        wall = convert("datetime2(7)", shape("SWITCHOFFSET(:value, '+00:00')", value=value)) if given.tz else value
        if wanted.kind is Kind.DATE:
            return convert("date", wall), DataType(kind=Kind.DATE)
        digits = min(6, 6 if wanted.kind is not Kind.TIMESTAMP or wanted.precision is None else wanted.precision)
        return convert(f"datetime2({digits})", wall), DataType(kind=Kind.TIMESTAMP, precision=digits)
    if given.kind is Kind.DECIMAL:
        scale = given.scale or 0
        if wanted.kind is Kind.DECIMAL and wanted.scale is not None:
            scale = min(scale, wanted.scale)
        return convert(f"decimal(38,{scale})", value), DataType(kind=Kind.DECIMAL, precision=38, scale=scale)
    return value, given


def wire_text(moved: MovedColumn, sink: str) -> Sql:
    """The value as a field of a tab-separated line; NULL is \\N."""
    value, type_ = held_value(moved)
    match type_.kind:
        case Kind.FLOAT:
            # Style 3: 17 digits, which give the same float again.
            plain: exp.Expression = convert("varchar(40)", value, 3)
        case Kind.BYTES:
            plain = canonical_text(value, type_)
            plain = shape("'\\\\x' + :plain", plain=plain) if sink == "postgres" else plain
        case Kind.TIMESTAMP:
            plain = convert("varchar(26)", value, 121)
        case Kind.BOOL | Kind.INT | Kind.DECIMAL | Kind.DATE | Kind.TIME | Kind.UUID:
            plain = canonical_text(value, type_)
        case _:
            plain = shape(_ESCAPED, wide=_wide(value, type_))
    return frame("COALESCE(CONVERT(nvarchar(max), <<plain>>), N'\\N')", plain=word(plain))


def json_text(moved: MovedColumn) -> Sql:
    """The value as an element of a JSON array, for a sink that reads it back by CONVERT."""
    value, type_ = _kept(moved), moved.source.type
    match type_.kind:
        case Kind.FLOAT:
            plain: exp.Expression = convert("varchar(40)", value, 3)
        case Kind.TIMESTAMP:
            plain = convert("varchar(34)", value, 121)  # with its offset, where it has one
        case Kind.TEXT | Kind.OTHER:
            # One collation for all: columns of two collations could not stand in one CONCAT (Msg 451).
            plain = shape(f":wide COLLATE {BINARY}", wide=_wide(value, type_))
        case Kind.INT if type_.native == "rowversion":
            plain = convert("varchar(20)", convert("bigint", value))
        case _:
            plain = canonical_text(value, type_)
    text = convert("nvarchar(max)", plain)
    return frame("COALESCE(N'\"' + STRING_ESCAPE(<<text>>, N'json') + N'\"', N'null')", text=word(text))


def _wide(value: exp.Expression, type_: DataType) -> exp.Expression:
    return convert("nvarchar(max)", shape("RTRIM(:value)", value=value) if type_.padded else value)


def line(parts: list[Sql], separator: Sql) -> Sql:
    """The parts in one text; CONCAT takes 254 arguments, and its first one makes it nvarchar(max)."""
    groups = [parts[at : at + _ARGUMENTS] for at in range(0, len(parts), _ARGUMENTS)]
    between = frame(", <<separator>>, ", separator=separator)
    made = [frame("CONCAT(CONVERT(nvarchar(max), N''), <<p>>)", p=join(between.text, group)) for group in groups]
    return made[0] if len(made) == 1 else frame("CONCAT(<<made>>)", made=join(between.text, made))


def row_line(columns: tuple[MovedColumn, ...], wire: str, sink: str) -> Sql:
    """The one column of an extraction. JSON lines double their backslashes, as COPY does."""
    if wire == "json":
        array = line([json_text(moved) for moved in columns], Sql("N','"))
        return frame(
            "REPLACE(N'[' + <<array>> + N']' COLLATE <<binary>>, N'\\', N'\\\\')", array=array, binary=Sql(BINARY)
        )
    return line([wire_text(moved, sink) for moved in columns], Sql("NCHAR(9)"))


def digest_values(columns: tuple[MovedColumn, ...], sink: str) -> list[Sql]:
    """The canonical text of each value, as the sink will hold it."""
    if sink == "mssql":
        return [word(canonical_text(_converted(m), m.target.type)) for m in columns if not m.target.generated]
    return [word(_common(*held_value(moved))) for moved in columns]


def _converted(moved: MovedColumn) -> exp.Expression:
    """A SQL Server sink converts by the same function, so the conversion is made here, too. A text is never cut by it."""
    value, given, wanted = _kept(moved), moved.source.type, moved.target.type
    if given.native == "rowversion":
        value = convert("bigint", value)
    if wanted.kind in (Kind.TEXT, Kind.BYTES):
        return convert("nvarchar(max)", value) if wanted.kind is Kind.TEXT else value
    if given.tz and not wanted.tz and wanted.kind in (Kind.TIMESTAMP, Kind.DATE):
        value = convert("datetime2(7)", shape("SWITCHOFFSET(:value, '+00:00')", value=value))
    return convert(moved.target.native, value)


def _common(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The canonical text that Postgres and ClickHouse compute: microseconds, days, decimals without zeros at the end, UTF-8."""
    match type_.kind:
        case Kind.DECIMAL:
            plain = convert("varchar(41)", value)
            return shape(_TRIMMED, plain=plain) if type_.scale else plain
        case Kind.DATE:
            return convert("varchar(12)", shape("DATEDIFF(DAY, CONVERT(date, '19700101'), :value)", value=value))
        case Kind.TIMESTAMP:
            template = "DATEDIFF_BIG(MICROSECOND, CONVERT(datetime2(6), '19700101'), CONVERT(datetime2(6), :value))"
            return convert("varchar(20)", shape(template, value=value))
        case Kind.BOOL | Kind.INT | Kind.FLOAT | Kind.UUID | Kind.BYTES:
            return canonical_text(value, type_)
        case _:
            return convert("varchar(max)", shape(f":wide COLLATE {UTF8}", wide=_wide(value, type_)))


def framed(place: Sql) -> Sql:
    """NULL is 'N', a value 'V', its bytes and itself."""
    template = "COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].<<value>>)) + ':' + [v].<<value>>, 'N')"
    return frame(template, value=place)
