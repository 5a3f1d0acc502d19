"""The canonical text of a row and its digest, of what SQL Server stores. Every text is ASCII, so no collation and no code page
has a say: backends/postgres/json_rows.py makes the same of what it sends.

NULL is 'N'; a value is 'V' || bytes || ':' || text, so that no two rows share a text. A text of printable ASCII is '=' and itself;
any other is '#' and its UTF-16 in hexadecimal, so that case, accents and trailing blanks count. Floats are their bits, dates and
times have seven digits, instants are UTC. The digest is two sums of 32 bits of MD5 as decimals: a sum cannot overflow, and a row
that comes twice counts twice. HASHBYTES takes any length from SQL Server 2016:
https://learn.microsoft.com/en-us/sql/t-sql/functions/hashbytes-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.predicates import BINARY
from dpone_compiler.backends.mssql.script import sql, word
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.render import Sql, frame, join

_ARGUMENTS = 200  # CONCAT takes 254: https://learn.microsoft.com/en-us/sql/t-sql/functions/concat-transact-sql
_ROWS = """(
    SELECT <<hash>> AS [h]
      FROM <<origin>>
     CROSS APPLY (SELECT <<values>>) AS [v]<<where>>
  ) AS [d]"""


def canonical_text(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The canonical text of one value, varchar; NULL for NULL."""
    match type_.kind:
        case Kind.BOOL | Kind.INT:
            return convert("varchar(20)", value)
        case Kind.DECIMAL:
            plain = convert("decimal(19,4)", value) if type_.native else value
            return convert("varchar(41)", plain)
        case Kind.FLOAT:
            size = 4 if type_.bits == 32 else 8
            return shape("LOWER(:hex)", hex=convert(f"varchar({2 * size})", convert(f"varbinary({size})", value), 2))
        case Kind.DATE:
            return convert("varchar(10)", value, 23)
        case Kind.TIME:
            return convert("varchar(16)", convert("time(7)", value), 121)
        case Kind.TIMESTAMP:
            return _timestamp(value, type_)
        case Kind.UUID:
            return shape("LOWER(:value)", value=convert("varchar(36)", value))
        case Kind.BYTES:
            return shape("LOWER(:hex)", hex=convert("varchar(max)", convert("varbinary(max)", value), 2))
        case _:
            return _text(value, type_)


def _timestamp(value: exp.Expression, type_: DataType) -> exp.Expression:
    if type_.native == "datetime":  # its milliseconds, not the 1/300 s behind them
        return shape(":shown + '0000'", shown=convert("varchar(23)", value, 121))
    if type_.tz:
        value = shape("SWITCHOFFSET(:value, '+00:00')", value=value)
    return convert("varchar(27)", convert("datetime2(7)", value), 121)


def _text(value: exp.Expression, type_: DataType) -> exp.Expression:
    wide = convert("nvarchar(max)", shape("RTRIM(:value)", value=value) if type_.padded else value)
    # One collation for all: columns of two collations could not stand in one CONCAT (Msg 468).
    return shape(
        f"CASE WHEN :wide LIKE N'%[^ -~]%' COLLATE {BINARY} THEN '#' + :hex ELSE '=' + :plain END COLLATE {BINARY}",
        wide=wide,
        hex=convert("varchar(max)", convert("varbinary(max)", wide), 2),
        plain=convert("varchar(max)", wide),
    )


def stored_rows(columns: tuple[MovedColumn, ...], origin: Sql, alias: str, where: Sql | None = None) -> Sql:
    """The derived table `d` of the hashes `h` of the rows of `origin`; computed columns are not ours to compare."""
    parts, values = _texts(columns, alias)
    return frame(
        _ROWS,
        hash=row_hash(parts),
        values=values,
        origin=origin,
        where=frame("\n     WHERE <<where>>", where=where) if where is not None else Sql(""),
    )


def content_hash(columns: tuple[MovedColumn, ...], alias: str) -> tuple[Sql, Sql]:
    """The SHA-256 of a stored row, 32 bytes, and the list of values that CROSS APPLY (SELECT …) AS [v] has to give it."""
    parts, values = _texts(columns, alias)
    return frame("CONVERT(binary(32), HASHBYTES('SHA2_256', <<line>>))", line=_line(parts)), values


def _texts(columns: tuple[MovedColumn, ...], alias: str) -> tuple[list[Sql], Sql]:
    """The framed texts of a row, and the values `v` that they are made of."""
    stored = [m.target for m in columns if not m.target.generated]
    values = [
        frame("<<value>> AS <<name>>", value=word(canonical_text(column(c.name, alias), c.type)), name=_place(number))
        for number, c in enumerate(stored)
    ]
    listed = join(",\n       ", values or [Sql("NULL AS [c0]")])
    return [_framed(_place(number)) for number in range(len(stored))], listed


def _place(number: int) -> Sql:
    return Sql(f"[c{number}]")


def _framed(value: Sql) -> Sql:
    template = "COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].<<value>>)) + ':' + [v].<<value>>, 'N')"
    return frame(template, value=value)


def _line(parts: list[Sql]) -> Sql:
    """CONCAT of all; the first argument makes it varchar(max), or it would be cut at 8000."""
    if len(parts) > _ARGUMENTS:
        parts = [_line(parts[at : at + _ARGUMENTS]) for at in range(0, len(parts), _ARGUMENTS)]
    return frame("CONCAT(CONVERT(varchar(max), ''), <<parts>>, '')", parts=join(",\n           ", parts or [Sql("''")]))


def digest_pair() -> tuple[Sql, Sql]:
    """The two sums over the hashes `h`, '0' for no row. A binary of four bytes is a number below 2^32."""
    piece = "CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], <<first>>, 4)))), 0))"
    return frame(piece, first=Sql("1")), frame(piece, first=Sql("5"))


def digest_of() -> Sql:
    """`a:b`: both sums."""
    first, second = digest_pair()
    return frame("<<a>> + ':' + <<b>>", a=first, b=second)


def row_hash(parts: list[Sql]) -> Sql:
    """MD5 of the canonical texts of one row."""
    return frame("HASHBYTES('MD5', <<line>>)", line=_line(parts))


def row_text(columns: tuple[MovedColumn, ...]) -> Sql:
    """The canonical text of a stored row, for display."""
    parts = [sql(canonical_text(column(m.target.name), m.target.type)) for m in columns if not m.target.generated]
    template = "COALESCE('V' + CONVERT(varchar(20), DATALENGTH(<<value>>)) + ':' + <<value>>, 'N')"
    return _line([frame(template, value=part) for part in parts])
