"""From the declared scope of a `replace` to the typed one: literals read by the column's type and written in one form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import Scope
from dpone_compiler.ir.load import DeclaredScope, MovedColumn

# Texts and uuids have an order in each engine, and not the same one; so a range of them is no range of the other side.
_ORDERED = (Kind.INT, Kind.DECIMAL, Kind.DATE, Kind.TIMESTAMP)
# A fraction of less than a microsecond, which a datetime2(7) can hold.
_FINER = re.compile(r"\.[0-9]{6}0*[1-9]")
_EQUAL = (*_ORDERED, Kind.TEXT, Kind.UUID, Kind.BOOL)


def typed_scope(declared: DeclaredScope, columns: tuple[MovedColumn, ...]) -> Scope | str:
    """The scope in the type of its column, or why it is none."""
    moved = next((m for m in columns if m.sql is None and m.source.name == declared.column), None)
    if moved is None:
        return (
            f"the scope's column {declared.column} is not loaded, so nothing can prove that the staged rows lie in it"
        )
    given, held = moved.source.type, moved.target.type
    allowed = _EQUAL if declared.kind == "equality" else _ORDERED
    if declared.kind == "slice":
        return Scope(column=declared.column, type=given, kind="slice", low=declared.low, high=declared.high)
    if moved.cast or given.kind is not held.kind:
        return f"the scope's column {declared.column} is {given.label()} in the source and {held.label()} in the target"
    if given.kind not in allowed:
        return f"{declared.column} is {given.label()}, which has no {declared.kind} that both engines agree on"
    ends: list[str | None] = []
    for literal in (declared.low, declared.high):
        text = None if literal is None else canonical(literal, given)
        if literal is not None and text is None:
            return unread(literal, given, declared.column)
        ends.append(text)
    if declared.kind == "range" and _empty(ends, given, declared.inclusive):
        return f"the scope from {declared.low} to {declared.high} is empty"
    return Scope(
        column=declared.column, type=given, kind=declared.kind, low=ends[0], high=ends[1], inclusive=declared.inclusive
    )


def canonical(literal: str, type_: DataType) -> str | None:
    """The literal in the one form that every engine reads alike: ISO, instants in UTC."""
    read: dict[Kind, Callable[[str], str]] = {
        Kind.INT: lambda text: str(int(text)),
        Kind.DECIMAL: _decimal,
        Kind.DATE: lambda text: date.fromisoformat(text).isoformat(),
        Kind.TIMESTAMP: lambda text: _moment(text, type_),
        Kind.UUID: lambda text: str(UUID(text)),
        Kind.BOOL: lambda text: {"true": "true", "false": "false"}[text.lower()],
        Kind.TEXT: str,
    }
    try:
        return read[type_.kind](literal if type_.kind is Kind.TEXT else literal.strip())
    except (ValueError, KeyError, InvalidOperation, OverflowError):
        return None


def unread(literal: str, type_: DataType, column: str) -> str:
    """Why a literal is no value of the column's type."""
    if type_.kind in (Kind.TIMESTAMP, Kind.DATE) and not type_.tz and _zoned(literal):
        return f"{literal!r} has a time zone, and {column} is {type_.label()}: say what the clock of that column shows"
    return f"{literal!r} is no {type_.label()}, which {column} is"


def _zoned(literal: str) -> bool:
    try:
        return datetime.fromisoformat(literal.strip()).tzinfo is not None
    except ValueError:
        return False


def _decimal(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return format(number, "f")


def _moment(text: str, type_: DataType) -> str:
    moment = datetime.fromisoformat(text)
    if _FINER.search(text):
        raise ValueError(text)  # fromisoformat leaves the digits out
    if moment.tzinfo is not None and not type_.tz:
        raise ValueError(text)  # a wall clock has no zone
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ", timespec="microseconds")


def _empty(ends: list[str | None], type_: DataType, inclusive: bool) -> bool:
    low, high = ends
    if low is None or high is None:
        return False
    numeric = type_.kind in (Kind.INT, Kind.DECIMAL)
    before = Decimal(low) < Decimal(high) if numeric else low < high
    return not before and not (inclusive and low == high)
