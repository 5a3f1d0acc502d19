"""The two forms of a log on Postgres: a change table, which holds every change as a row, and a table whose changes a slot keeps.

Beside the second one stands a table of our own with every row as it was after each change, so that filter and expressions of
the load are computed by the engine in both forms.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.changes import order_column
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.verify.case import Cells, tick
from dpone_compiler.verify.intent import CURSOR, PLACE, Intent
from dpone_compiler.verify.ledger import Event
from dpone_compiler.verify.meaning.asked import Row
from dpone_compiler.verify.palette import distinct
from dpone_compiler.verify.postgres_log import PostgresLog
from dpone_compiler.verify.values import value_of

Resolve = Callable[[Cells], Cells]
_WORDS = {"insert": ("I", "c", "insert"), "update": ("U", "u", "update"), "delete": ("D", "d", "delete")}
_PATIENCE = 200
_PUBLICATION, _DROP_SLOT = "setup/postgres_publication_source.sql", "replay/drop-slot.sql"


class TableFeed:
    """A change table. The source's rows are the changes."""

    def __init__(self, intent: Intent, side: PostgresLog, resolve: Resolve) -> None:
        assert intent.feed is not None and intent.cursor is not None
        self._intent, self._side, self._resolve = intent, side, resolve
        self._operation = intent.source.column(intent.feed["operation"])
        self._order = intent.source.column(intent.feed["sequence"] or intent.cursor.name)
        self.table = intent.source.table
        self.place, self.place_type = self._order.name, self._order.type
        self._places: dict[Any, Event] = {}
        self._load = self._index = 0

    def clear(self) -> None:
        """Forget what was told."""
        self._places.clear()

    def tell(self, load: int, event: Event) -> None:
        """Add a change as a row, or take one out."""
        if event.op == "withdraw":
            (place,) = [place for place, other in self._places.items() if other.number == event.since]
            del self._places[place]
            self._side.remove(self._intent.source, (self.place,), {self.place: str(place)})
            return
        self._index = self._index + 1 if load == self._load else 0
        self._load = load
        cells = self._resolve(self._row(event, tick(load, self._index)))
        self._places[value_of(cells[self.place], self.place_type)] = event
        self._side.add(self._intent.source, [cells])

    def told(self, load: int) -> None:
        """The changes of this load are all there."""

    def event(self, place: Any) -> Event:
        """The change at a place of the order."""
        return self._places[place]

    def holds(self, row: Row, low: Any, high: Any) -> bool:
        """Whether a window of the cursor holds a row of the log."""
        return bool((low is None or low <= row[CURSOR]) and row[CURSOR] < high)

    def wrong(self, applied: int | None, done: bool) -> str:
        """A change table knows nothing of its readers."""
        return ""

    def close(self) -> None:
        """Nothing is kept."""

    def _row(self, event: Event, at: str) -> Cells:
        """Of a delete the key alone is known in every other case, of a truncate nothing."""
        assert self._intent.cursor is not None
        cells = dict(event.cells)
        known = {"truncate": (), "delete": self._intent.source_key}.get(event.op)
        if known is not None and event.number % 2:
            lost = [each.name for each in self._intent.source.columns if each.nullable and each.name not in known]
            cells.update(dict.fromkeys(lost))
        cells[self._operation.name] = self._word(event)
        cells[self.place] = distinct(self._order, event.number)
        cells[self._intent.cursor.name] = at
        return cells

    def _word(self, event: Event) -> str:
        room = self._operation.type.length or 99
        words = [word for word in _WORDS.get(event.op, ("T", "t", "truncate")) if len(word) <= room]
        return words[event.number % len(words)]


class SlotFeed:
    """A table whose changes a slot keeps."""

    def __init__(self, intent: Intent, side: PostgresLog, bundle: LoadedBundle) -> None:
        self._intent, self._side, self._bundle = intent, side, bundle
        self.table = TableRef(intent.source.table.schema, "verify_log")
        self.place, self.place_type = PLACE, order_column().type
        self._events: list[Event] = []
        self._reached: dict[int, int] = {}
        side.identify(intent.source)
        side.make_log(intent.source.table, self.table, PLACE)
        side.say(bundle.body(_PUBLICATION))

    def clear(self) -> None:
        """Drop the slot: the next load begins with a copy."""
        self._events.clear()
        self._reached.clear()
        for _ in range(_PATIENCE):  # a backend whose client has just gone may still hold it
            self._side.say(self._bundle.body(_DROP_SLOT))
            if self._side.confirmed() is None:
                return
            time.sleep(0.05)

    def tell(self, load: int, event: Event) -> None:
        """Change the table, and note the row."""
        self._side.change(self._intent.source, event.op, self._intent.source_key, event.cells, event.was)
        self.note(event)

    def note(self, event: Event) -> None:
        """Note the row of a change that somebody else has made."""
        self._events.append(event)
        self._side.note(self._intent.source, self.table, event.cells, PLACE, event.number)

    def told(self, load: int) -> None:
        """Whatever has committed up to here is below every window's end that is frozen from now on, and above every earlier one."""
        self._reached[load] = self._side.position()

    def event(self, place: int) -> Event:
        """The change at a place of the order."""
        return self._events[place - 1]

    def holds(self, row: Row, low: Any, high: Any) -> bool:
        """Whether a window of the WAL holds a row of the log. What lies below `low` is applied already, and skipped by its place."""
        return bool(self._reached[self.event(row[PLACE]).load] <= high)

    def wrong(self, applied: int | None, done: bool) -> str:
        """The slot may not go further than the state, and after a load it stands where the state stands."""
        confirmed = self._side.confirmed()
        if confirmed is None or applied is None or (confirmed <= applied and not done):
            return ""
        return (
            "" if confirmed == applied else f"the slot was confirmed up to {confirmed}, and the state is at {applied}"
        )

    def close(self) -> None:
        """Leave no slot behind."""
        self.clear()


Feed = TableFeed | SlotFeed


def make_feed(intent: Intent, side: PostgresLog, bundle: LoadedBundle, resolve: Resolve) -> Feed | None:
    """The feed of a load that applies changes."""
    if intent.feed is None:
        return None
    return SlotFeed(intent, side, bundle) if intent.streams else TableFeed(intent, side, resolve)
