"""A predicate as SQL text: standard spelling, which every source dialect of ours reads and re-emits in its own."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from dpone_compiler.expr.nodes import (
    AllOf,
    AnyOf,
    ColumnName,
    Compare,
    InList,
    IsNull,
    Literal,
    Negation,
    Operand,
    Predicate,
    Scalar,
)

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# Words that cannot stand bare as a column in PostgreSQL, T-SQL or ClickHouse.
_RESERVED_WORDS = """
    all and any array as asc between both by case cast check collate column constraint create cross current current_date
    current_time current_timestamp current_user default delete desc distinct drop else end except exists false fetch file
    for foreign freetext from full group having if ilike in index inner insert intersect interval into is isnull join key
    left like limit merge natural not notnull null of off offset on open option or order outer over percent plan primary
    procedure public references right rule rows select session_user set some table then to top transaction trigger true
    truncate union unique update use user using values view when where with
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def predicate_sql(predicate: Predicate, *, backslash_escapes: bool = False) -> str:
    """The predicate as text. `backslash_escapes`: the source's string literals treat a backslash as an escape (ClickHouse)."""
    return _Printer(backslash_escapes).predicate(predicate)


class _Printer:
    """Carries the one thing that differs between dialects through the recursion."""

    def __init__(self, backslash_escapes: bool) -> None:
        self._backslash_escapes = backslash_escapes

    def predicate(self, predicate: Predicate) -> str:
        match predicate:
            case Compare(op, left, right):
                return f"{self._operand(left)} {op.value} {self._operand(right)}"
            case IsNull(operand, negated):
                return f"{self._operand(operand)} IS {'NOT ' if negated else ''}NULL"
            case InList(operand, values):
                return f"{self._operand(operand)} IN ({', '.join(map(self._operand, values))})"
            case AllOf(terms):
                return " AND ".join(self._nested(term, AnyOf) for term in terms)
            case AnyOf(terms):
                return " OR ".join(self._nested(term, AllOf) for term in terms)
            case Negation(term):
                return f"NOT ({self.predicate(term)})"

    def _nested(self, term: Predicate, other: type[AllOf] | type[AnyOf]) -> str:
        text = self.predicate(term)
        return f"({text})" if isinstance(term, other) else text

    def _operand(self, operand: Operand) -> str:
        match operand:
            case ColumnName(name):
                plain = _PLAIN.fullmatch(name) and name not in _RESERVED
                return name if plain else '"' + name.replace('"', '""') + '"'
            case Literal(value):
                return self._literal(value)

    def _literal(self, value: Scalar) -> str:
        match value:
            case bool():
                return "TRUE" if value else "FALSE"
            case str():
                escaped = value.replace("\\", "\\\\") if self._backslash_escapes else value
                return "'" + escaped.replace("'", "''") + "'"
            case int():
                return str(value)
            case Decimal():
                return f"{value:f}"
            case float():
                return repr(value)
            case datetime():
                return "'" + value.isoformat(sep=" ") + "'"
            case _:
                return "'" + value.isoformat() + "'"
