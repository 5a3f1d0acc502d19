"""The slices of a backfill, typed: half-open, in order, and the same ones each time that they are cut."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import HIGH, LOW, Scope
from dpone_compiler.source.value import value

Pair = tuple[str, str]


@value(kw_only=True)
class Slices:
    """`[first, last)` of `column` (of the source, of `type`) in steps: numbers, days or seconds, as `kind` says.

    The ends are text in the one form that every engine reads alike: numbers, ISO dates, instants in UTC.
    """

    column: str
    type: DataType
    kind: str  # integer | date | timestamp
    first: str
    last: str
    step: int

    @property
    def count(self) -> int:
        """How many there are; 0 when the range is empty."""
        return max(0, -(-self._span() // self.step))

    @property
    def scope(self) -> Scope:
        """The rows of the run's slice, its ends being run parameters."""
        return Scope(column=self.column, type=self.type, kind="slice", low=LOW, high=HIGH)

    def pairs(self) -> tuple[Pair, ...]:
        """(low, high) of each, the last one cut where the range ends."""
        ends = [*(self._end(number) for number in range(self.count)), self._text(self.last)]
        return tuple(pairwise(ends))

    def _span(self) -> int:
        """The length of the range in the step's unit, a part counting as a whole."""
        match self.kind:
            case "integer":
                return int(self.last) - int(self.first)
            case "date":
                return (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days
            case _:
                span = datetime.fromisoformat(self.last) - datetime.fromisoformat(self.first)
                return -(-span // timedelta(seconds=1))

    def _end(self, number: int) -> str:
        away = number * self.step
        match self.kind:
            case "integer":
                return str(int(self.first) + away)
            case "date":
                return (date.fromisoformat(self.first) + timedelta(days=away)).isoformat()
            case _:
                moment = datetime.fromisoformat(self.first) + timedelta(seconds=away)
                return self._text(moment.isoformat(sep=" ", timespec="microseconds"))

    def _text(self, end: str) -> str:
        return f"{end}+00:00" if self.type.kind is Kind.TIMESTAMP and self.type.tz else end
