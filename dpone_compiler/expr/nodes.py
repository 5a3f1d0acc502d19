"""A small typed tree of predicates: what the Python front end builds before it becomes SQL text of the source."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Scalar = str | int | float | bool | Decimal | date | datetime


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column of the table that is read."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; NULL is not one, since comparing with it is never what was meant (see IsNull)."""

    value: Scalar


Operand = ColumnName | Literal


class Comparison(enum.Enum):
    """The comparisons, spelled as in SQL."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`."""

    op: Comparison
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class IsNull:
    """`operand IS NULL`, or IS NOT NULL when negated."""

    operand: Operand
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InList:
    """`operand IN (…)`; an empty list is not built, since SQL has no text for it."""

    operand: Operand
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """A conjunction of two or more terms."""

    terms: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A disjunction of two or more terms."""

    terms: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    term: Predicate


Predicate = Compare | IsNull | InList | AllOf | AnyOf | Negation
