"""The source as a log: what changed in which order, from the steps of a story."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.source.value import value
from dpone_compiler.verify.case import Cells, Step
from dpone_compiler.verify.intent import Intent


@value(kw_only=True)
class Event:
    """One change. op: insert | update | delete | truncate | withdraw (of an earlier one, that nobody could apply).

    `cells`: the row after it, of a delete the row that goes, of a truncate any row. `was`: the row before an update. `since`: the
    number of the event that `was` comes from, or that is withdrawn.
    """

    number: int
    load: int
    op: str
    cells: Cells
    was: Cells | None = None
    since: int = 0


class Ledger:
    """Rows by identity, and the events that made them."""

    def __init__(self, intent: Intent) -> None:
        self._key, self._moves = intent.source_key, intent.streams
        self.rows: dict[int, Cells] = {}
        self.events: list[Event] = []
        self._since: dict[int, int] = {}

    def follow(self, load: int, step: Step) -> tuple[Event, ...]:
        """The events of a step."""
        before = len(self.events)
        for event in self._changes(load, step):
            self.events.append(event)  # at once: the next one is numbered after it
        return tuple(self.events[before:])

    def _changes(self, load: int, step: Step) -> Iterator[Event]:
        if step.emptied and self.rows:
            yield self._event(load, "truncate", next(iter(self.rows.values())))
            self.rows.clear()
        for number in step.gone:
            if number in self.rows:
                yield self._gone(load, number)
        for number, cells in step.put.items():
            was = self.rows.get(number)
            if was == cells:
                continue
            if was is not None and (self._unkeyed(was) or not (self._moves or self._same_key(was, cells))):
                yield self._gone(load, number)
                was = None
            since = self._since.get(number, 0) if was is not None else 0
            yield self._event(load, "insert" if was is None else "update", cells, was, since)
            self.rows[number], self._since[number] = cells, len(self.events)

    def _gone(self, load: int, number: int) -> Event:
        """A change table takes no delete of a row without a key; somebody takes the change itself out."""
        cells = self.rows.pop(number)
        if self._unkeyed(cells):
            return self._event(load, "withdraw", cells, since=self._since[number])
        return self._event(load, "delete", cells)

    def _event(self, load: int, op: str, cells: Cells, was: Cells | None = None, since: int = 0) -> Event:
        return Event(number=len(self.events) + 1, load=load, op=op, cells=cells, was=was, since=since)

    def _unkeyed(self, cells: Cells) -> bool:
        return not self._moves and any(cells[name] is None for name in self._key)

    def _same_key(self, one: Cells, other: Cells) -> bool:
        return all(one[name] == other[name] for name in self._key)
