"""What a moved column of a SQL Server source is for each kind of sink: its text on the wire, and its canonical text.

A sink that reads JSON rows (SQL Server) gets every value in full; the others get tab-separated text as COPY and ClickHouse write
it. Either way a row becomes one line inside the server: the runtime and bcp see a query of one column.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.canonical import canonical_text
from dpone_compiler.backends.mssql.held import MOST_DIGITS, held_value, stored_value
from dpone_compiler.backends.mssql.predicates import BINARY
from dpone_compiler.backends.mssql.script import word
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.backends.mssql.texts import ASCII, as_text, plain_text
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.sql.render import Sql, frame, join

# From SQL Server 2019: https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support
UTF8 = "Latin1_General_100_BIN2_UTF8"
_ARGUMENTS = 100
# The escapes of COPY and of TabSeparated. REPLACE compares by the collation of its first argument, hence the binary one.
_ESCAPED = (
    f"REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(:wide COLLATE {BINARY}, N'\\', N'\\\\'), NCHAR(9), N'\\t'), NCHAR(10), N'\\n'),"
    " NCHAR(13), N'\\r'), NCHAR(0), N'\\0')"
)
# Trailing zeros of a fraction, and the point when nothing follows it.
_TRIMMED = "REPLACE(RTRIM(REPLACE(REPLACE(RTRIM(REPLACE(:plain, '0', ' ')), ' ', '0'), '.', ' ')), ' ', '.')"


def wire_text(moved: MovedColumn, sink: str) -> Sql:
    """The value as a field of a tab-separated line; NULL is \\N."""
    value, type_ = held_value(moved)
    plain = _sent(value, type_, sink)
    if type_.kind not in ASCII:
        plain = shape(_ESCAPED, wide=plain)
    elif type_.kind is Kind.BYTES and sink == "postgres":
        plain = shape("'\\' + :plain", plain=plain)  # its own backslash, doubled as any other
    return frame("COALESCE(CONVERT(nvarchar(max), <<plain>>), N'\\N')", plain=word(plain))


def _sent(value: exp.Expression, type_: DataType, sink: str) -> exp.Expression:
    """What the sink reads, before a field of a line is made of it."""
    plain = plain_text(value, type_)
    return shape("'\\x' + :plain", plain=plain) if type_.kind is Kind.BYTES and sink == "postgres" else plain


def json_text(moved: MovedColumn) -> Sql:
    """The value as an element of a JSON array, for a sink that reads it back by CONVERT."""
    value, type_ = stored_value(moved), moved.target.type
    # One collation for all texts: columns of two collations could not stand in one CONCAT (Msg 451).
    plain = shape(f":text COLLATE {BINARY}", text=value) if type_.kind is Kind.TEXT else plain_text(value, type_)
    text = convert("nvarchar(max)", plain)
    return frame("COALESCE(N'\"' + STRING_ESCAPE(<<text>>, N'json') + N'\"', N'null')", text=word(text))


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
        return [word(canonical_text(stored_value(m), m.target.type)) for m in columns if not m.target.generated]
    return [word(_common(moved, sink)) for moved in columns]


def incomparable(columns: tuple[MovedColumn, ...]) -> str:
    """The first column whose canonical text on another engine this server cannot compute, and why; '' for none."""
    for moved in columns:
        given, wanted = moved.source.type, moved.target.type
        if given.kind is Kind.FLOAT and wanted.kind is Kind.DECIMAL and (wanted.precision or 1000) > MOST_DIGITS:
            return (
                f"column {moved.source.name}: a float in a decimal of more than {MOST_DIGITS} digits has no text that both ends "
                "compute; cast it, or say policies.reconcile: keys or counts"
            )
    return ""


def _common(moved: MovedColumn, sink: str) -> exp.Expression:
    """The canonical text that Postgres and ClickHouse compute: microseconds, days, decimals without zeros at the end, UTF-8.
    Of a column of texts it is the text that was sent."""
    value, type_ = held_value(moved)
    if moved.target.type.kind is Kind.TEXT:
        return _utf8(_sent(value, type_, sink) if type_.kind is Kind.BYTES else as_text(value, type_))
    match type_.kind:
        case Kind.DECIMAL:
            plain = convert("varchar(41)", value)
            return shape(_TRIMMED, plain=plain) if type_.scale else plain
        case Kind.TIME:
            return shape(_TRIMMED, plain=convert("varchar(15)", convert("time(6)", value), 121))
        case Kind.DATE:
            return convert("varchar(12)", shape("DATEDIFF(DAY, CONVERT(date, '19700101'), :value)", value=value))
        case Kind.TIMESTAMP:
            template = "DATEDIFF_BIG(MICROSECOND, CONVERT(datetime2(6), '19700101'), CONVERT(datetime2(6), :value))"
            return convert("varchar(20)", shape(template, value=value))
        case Kind.FLOAT | Kind.BOOL | Kind.INT | Kind.UUID | Kind.BYTES:
            return canonical_text(value, type_)
        case _:
            return _utf8(as_text(value, type_))


def _utf8(text: exp.Expression) -> exp.Expression:
    return convert("varchar(max)", shape(f":text COLLATE {UTF8}", text=text))


def framed(place: Sql) -> Sql:
    """NULL is 'N', a value 'V', its bytes and itself."""
    template = "COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].<<value>>)) + ':' + [v].<<value>>, 'N')"
    return frame(template, value=place)
