"""`col("status") != "draft"`: Python's operators build the typed tree of dpone_compiler.expr."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from math import isfinite

from dpone_compiler.expr import nodes
from dpone_compiler.expr.nodes import Comparison, Scalar
from dpone_compiler.frontends.dsl.problems import ArgumentNotUsable, ConditionUsedAsBool, ScriptError


class Condition:
    """A predicate under construction; joined by &, | and ~."""

    __slots__ = ("node",)

    def __init__(self, node: nodes.Predicate) -> None:
        self.node = node

    def __and__(self, other: Condition) -> Condition:
        return Condition(nodes.AllOf((*_terms(self, nodes.AllOf), *_terms(other, nodes.AllOf))))

    def __or__(self, other: Condition) -> Condition:
        return Condition(nodes.AnyOf((*_terms(self, nodes.AnyOf), *_terms(other, nodes.AnyOf))))

    def __invert__(self) -> Condition:
        match self.node:
            case nodes.IsNull(operand, negated):
                return Condition(nodes.IsNull(operand, not negated))
            case nodes.Negation(term):
                return Condition(term)
            case node:
                return Condition(nodes.Negation(node))

    def __bool__(self) -> bool:
        raise ScriptError(ConditionUsedAsBool())


class Col:
    """A column of the source; comparing it gives a Condition."""

    __slots__ = ("name",)
    __hash__ = None  # type: ignore[assignment]  # == builds a condition, so a Col cannot be a key

    def __init__(self, name: str) -> None:
        if not name:
            raise ScriptError(ArgumentNotUsable(name, "a column name"), "0")
        self.name = name

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self.is_null() if other is None else self._compare(Comparison.EQ, other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self.is_not_null() if other is None else self._compare(Comparison.NE, other)

    def __lt__(self, other: object) -> Condition:
        return self._compare(Comparison.LT, other)

    def __le__(self, other: object) -> Condition:
        return self._compare(Comparison.LE, other)

    def __gt__(self, other: object) -> Condition:
        return self._compare(Comparison.GT, other)

    def __ge__(self, other: object) -> Condition:
        return self._compare(Comparison.GE, other)

    def is_null(self) -> Condition:
        """IS NULL."""
        return Condition(nodes.IsNull(nodes.ColumnName(self.name)))

    def is_not_null(self) -> Condition:
        """IS NOT NULL."""
        return Condition(nodes.IsNull(nodes.ColumnName(self.name), negated=True))

    def in_(self, *values: Scalar | list[Scalar] | tuple[Scalar, ...]) -> Condition:
        """IN; the values one by one or as one list."""
        flat = [v for value in values for v in (value if isinstance(value, list | tuple) else (value,))]
        if not flat:
            raise ScriptError(ArgumentNotUsable("()", "a list of values", "IN needs at least one value"))
        return Condition(nodes.InList(nodes.ColumnName(self.name), tuple(map(_literal, flat))))

    def _compare(self, op: Comparison, other: object) -> Condition:
        right = nodes.ColumnName(other.name) if isinstance(other, Col) else _literal(other)
        return Condition(nodes.Compare(op, nodes.ColumnName(self.name), right))


def col(name: str) -> Col:
    """The source column of that name."""
    return Col(name)


def _literal(value: object) -> nodes.Literal:
    finite = not isinstance(value, float | Decimal) or isfinite(value)
    if isinstance(value, str | int | float | Decimal | date) and finite:
        return nodes.Literal(value)
    raise ScriptError(ArgumentNotUsable(repr(value), "a value SQL can compare", "text, number, date, True or False"))


def _terms(condition: Condition, kind: type[nodes.AllOf] | type[nodes.AnyOf]) -> tuple[nodes.Predicate, ...]:
    if not isinstance(condition, Condition):
        raise ScriptError(ArgumentNotUsable(repr(condition), "a condition", "put each comparison in parentheses"))
    return condition.node.terms if isinstance(condition.node, kind) else (condition.node,)
