"""The canonical text of a row and the digest of a set of rows, equal on every engine.

A column is 'N' when NULL, otherwise 'V' || byte length || ':' || text; so no two rows share a text. The digest is a count and the
sums of the first and of the second 32 bits of md5, never XOR, so that doubled rows are seen.
"""

from __future__ import annotations

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.sql.clickhouse_names import ident, number
from dpone_compiler.sql.clickhouse_native import parse_native, write_native
from dpone_compiler.sql.clickhouse_types import unwrapped
from dpone_compiler.sql.render import Sql, frame, join

_MICROSECONDS = 6


def row_text(columns: tuple[MovedColumn, ...], side: str) -> Sql:
    """The canonical text of a row; `side`: source | target tells whose names to read."""
    parts = [_column_text(moved.target if side == "target" else moved.source) for moved in columns]
    return parts[0] if len(parts) == 1 else frame("concat(<<parts>>)", parts=join(", ", parts))


def digest_of(text: Sql) -> Sql:
    """Aggregate: `count:a:b` over the rows of the enclosing SELECT. One text form in both server generations."""
    return frame("concat(toString(count()), ':', <<a>>, ':', <<b>>)", a=_sum(text, 1), b=_sum(text, 5))


def _sum(text: Sql, start: int) -> Sql:
    # md5's first byte is the most significant one on Postgres; the server is little-endian, so the bytes are turned round.
    return frame(
        "toString(sum(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(<<text>>), <<start>>, 4))))))",
        text=text,
        start=number(start),
    )


def _column_text(column: Column) -> Sql:
    name = ident(column.name)
    if not column.nullable:
        return frame("concat('V', toString(length(<<text>>)), ':', <<text>>)", text=_value_text(column, name))
    return frame(
        "if(isNull(<<name>>), 'N', concat('V', toString(length(<<text>>)), ':', <<text>>))",
        name=name,
        text=_value_text(column, _never_null(column, name)),
    )


def _never_null(column: Column, name: Sql) -> Sql:
    """The value where there is one. Behind a NULL stands 0, which an Enum need not list, and 18.16 computes both branches of an if."""
    parsed = parse_native(column.native) if column.type.kind is Kind.ENUM else None
    if parsed is not None:
        inner = unwrapped(parsed)
        listed = next(arg[1] for arg in inner.args if isinstance(arg, tuple) and isinstance(arg[1], int))
        template = "CAST(ifNull(CAST(<<name>> AS Nullable(Int16)), <<listed>>) AS <<type>>)"
        return frame(template, name=name, listed=number(listed), type=write_native(inner))
    return frame("assumeNotNull(<<name>>)", name=name)


def _value_text(column: Column, value: Sql) -> Sql:
    kind = column.type
    match kind.kind:
        case Kind.BOOL:
            return frame("toString(toUInt8(<<v>>))", v=value)
        case Kind.DECIMAL:
            # Servers differ in whether they print trailing zeros, so they are cut here.
            return frame(
                "if(position(toString(<<v>>), '.') > 0, replaceRegexpOne(toString(<<v>>), '[.]?0+$', ''), toString(<<v>>))",
                v=value,
            )
        case Kind.FLOAT:
            width = number((kind.bits or 64) // 8)
            # reinterpretAsString drops trailing zero bytes; FixedString brings them back.
            return frame(
                "lower(hex(reverse(toFixedString(reinterpretAsString(<<v>>), <<width>>))))", v=value, width=width
            )
        case Kind.DATE:
            return frame("toString(toInt32(<<v>>))", v=value)
        case Kind.TIMESTAMP if kind.precision == 0 and not column.native.count("DateTime64"):
            return frame("toString(toInt64(toUnixTimestamp(<<v>>)) * 1000000)", v=value)
        case Kind.TIMESTAMP:
            return frame("toString(toUnixTimestamp64Micro(toDateTime64(<<v>>, 6)))", v=value)
        case Kind.TEXT if kind.padded:
            return frame("toString(<<v>>)", v=value)
        case Kind.UUID:
            return frame("lower(toString(<<v>>))", v=value)
        case _:
            return frame("toString(<<v>>)", v=value)
