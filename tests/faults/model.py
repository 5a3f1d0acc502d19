"""The reference: what the source holds and what the target must hold, kept in Python and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

_NOTES = ("", None, "tab\there", "line\nbreak", "back\\slash \\N", "quote ' \" `", "Ünï — 漢字 🦆", "\r\n", "; DROP --")
_MONTHS = 3

Cells = tuple[str, str, str, str | None, Decimal, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the source."""

    id: int
    status: str
    day: date
    note: str | None
    amount: Decimal
    updated_at: datetime

    def cells(self) -> Cells:
        """As the readers of both targets give it."""
        stamp = self.updated_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return (str(self.id), self.status, self.day.isoformat(), self.note, self.amount, stamp)


class Model:
    """The rows of the source. Only changes are made here; the lab carries them to the source."""

    def __init__(self, rows: int, note_size: int = 0) -> None:
        self._random = Random(7)
        self._note_size = note_size
        self.rows: dict[int, Row] = {}
        for _ in range(rows):
            self.insert()

    def insert(self) -> None:
        """Add one row."""
        number = max(self.rows, default=0) + 1
        self.rows[number] = self._fresh(number)

    def change(self, *, inserts: int, updates: int, deletes: int = 0) -> tuple[list[Row], list[int]]:
        """Rows to write and ids to delete. Updates move rows to other days, out of the filter and back into it."""
        written: list[int] = []
        for _ in range(inserts):
            self.insert()
            written.append(max(self.rows))
        old = [number for number in self.rows if number not in written]
        doomed = set(self._random.sample(old, min(deletes, len(old))))
        touched = self._random.sample([number for number in old if number not in doomed], updates)
        for number in touched:
            self.rows[number] = self._fresh(number)
        for number in doomed:
            del self.rows[number]
        if deletes:  # a load by partition sees a deletion only in a partition that something else changed
            written += self._one_of_each_month(set(written) | set(touched))
        return [self.rows[number] for number in (*touched, *written)], sorted(doomed)

    def expected(self) -> list[Cells]:
        """What the target must hold."""
        return [row.cells() for _, row in sorted(self.rows.items()) if row.status != "draft"]

    def drafts(self) -> set[int]:
        """The rows that the filter leaves out, or that a load takes for deleted."""
        return {number for number, row in self.rows.items() if row.status == "draft"}

    def _one_of_each_month(self, taken: set[int]) -> list[int]:
        found: list[int] = []
        for month in range(1, _MONTHS + 1):
            number = next(n for n, row in self.rows.items() if row.day.month == month and n not in taken)
            self.rows[number] = replace(self._fresh(number), day=self.rows[number].day)
            found.append(number)
        return found

    def _fresh(self, number: int) -> Row:
        pick = self._random
        note = pick.choice(_NOTES)
        filler = "x" * self._note_size
        return Row(
            id=number,
            status=pick.choice(("new", "paid", "paid", "draft")),
            day=date(2026, pick.randint(1, _MONTHS), pick.randint(1, 28)),
            note=note if note is None else f"{note}{number}{filler}",
            amount=Decimal(pick.randint(-(10**6), 10**6)) / 100,
            updated_at=datetime.now(UTC),
        )
