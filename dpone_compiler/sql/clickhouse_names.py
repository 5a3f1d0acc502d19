"""ClickHouse's one literal renderer and one identifier renderer.

A backslash escapes in both forms, so a quote, a newline or a control character never stands raw in a statement: every body
stays one statement on known lines, for the server and for any tool that splits or greps it.
https://clickhouse.com/docs/sql-reference/syntax#string
"""

from __future__ import annotations

from dpone_compiler.ir.schema import TableRef
from dpone_compiler.sql.render import Sql, frame, join

_NAMED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", "\b": "\\b", "\f": "\\f"}
_DELETE = 0x7F


def _escaped(value: str, quote: str) -> str:
    out = []
    for char in value:
        if char in _NAMED:
            out.append(_NAMED[char])
        elif char == "{":
            # `{name:Type}` is a placeholder to executors; so no value and no name can be taken for one.
            out.append("\\x7b")
        elif char == quote:
            out.append("\\" + quote)
        elif ord(char) < ord(" ") or ord(char) == _DELETE:
            out.append(f"\\x{ord(char):02x}")
        else:
            out.append(char)
    return "".join(out)


def ident(name: str) -> Sql:
    """A quoted identifier."""
    return Sql("`" + _escaped(name, "`") + "`")


def literal(value: str) -> Sql:
    """A string literal."""
    return Sql("'" + _escaped(value, "'") + "'")


def number(value: int) -> Sql:
    """An integer."""
    return Sql(str(int(value)))


def qualified(table: TableRef) -> Sql:
    """`database`.`table`."""
    return frame("<<database>>.<<name>>", database=ident(table.schema), name=ident(table.name))


def columns(names: tuple[str, ...]) -> Sql:
    """A list of identifiers."""
    return join(", ", [ident(name) for name in names])
