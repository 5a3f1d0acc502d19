"""How a story reaches the source, and what the model is then told of it: rows of a snapshot, or a log of changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dpone_compiler.verify.case import Cells, Step
from dpone_compiler.verify.feeds import SlotFeed
from dpone_compiler.verify.intent import PLACE
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.ledger import Ledger
from dpone_compiler.verify.meaning.asked import Change, Row, Rows, Source, Value


class RowsTold:
    """The source is its rows."""

    def __init__(self, lab: Lab) -> None:
        self._lab, self._rows = lab, dict[int, Cells]()
        self._seen: Rows = ()

    def follow(self, load: int, step: Step) -> None:
        """Make the source what it is after the step."""
        if step.emptied:
            self._rows.clear()
        for number in step.gone:
            self._rows.pop(number, None)
        self._rows.update(step.put)
        self._lab.write(load, self._rows)

    def know(self, load: int, number: int, cells: Cells) -> None:
        """Somebody else has written this row; the next step says so."""

    def look(self) -> None:
        """Before a run."""
        self._seen = self._lab.snapshot()

    def forget(self) -> None:
        """What was read is read again in any case."""

    def source(self, low: Value, done: bool) -> Source:
        """After it. What a refused run would have read does not depend on where exactly its window ended."""
        horizon = self._lab.watermark() if done else self._lab.latest()
        return Source(rows=self._seen, horizon=horizon, now=self._lab.instant())

    def wrong(self, done: bool) -> str:
        """Nothing beside the rows."""
        return ""


class ChangesTold:
    """The source is a log."""

    def __init__(self, lab: Lab) -> None:
        assert lab.feed is not None
        self._lab, self._feed, self._ledger = lab, lab.feed, Ledger(lab.intent)
        self._copied: int | None = None if lab.intent.streams else 0
        self._seen: Rows = ()

    def follow(self, load: int, step: Step) -> None:
        """One change after the other."""
        self._lab.begin(load)
        for event in self._ledger.follow(load, step):
            self._feed.tell(load, event)
        self._feed.told(load)

    def know(self, load: int, number: int, cells: Cells) -> None:
        """Somebody else has written this row."""
        assert isinstance(self._feed, SlotFeed), "a change table is written by nobody else here"
        for event in self._ledger.follow(load, Step(put={number: cells})):
            self._feed.note(event)
        self._feed.told(load)

    def look(self) -> None:
        """Before a run: one that copies."""
        self._seen = self._lab.snapshot() if self._copied is None else ()

    def forget(self) -> None:
        """The next run copies."""
        self._copied = None

    def source(self, low: Value, done: bool) -> Source:
        """After it: the copy, or the log of its window."""
        lab = self._lab
        if self._copied is None:
            copied = len(self._ledger.events)
            if done:
                self._copied = copied
            return Source(rows=self._seen, horizon=copied, now=True)
        rows = {self._feed.event(row[PLACE]).number: row for row in lab.log()}
        return Source(log=tuple(self._changes(rows, low, self._high(done))), now=True)

    def _high(self, done: bool) -> Value:
        lab = self._lab
        if lab.intent.streams:
            return lab.applied() if done else lab.source.position()
        return lab.watermark() if done else lab.latest()

    def _changes(self, rows: Mapping[int, Row], low: Value, high: Value) -> Iterator[Change]:
        for event in self._ledger.events[self._copied :]:
            row = rows.get(event.number)  # None: it was taken out
            if row is None or not self._feed.holds(row, low, high):
                continue
            before = rows[event.since] if event.since else row
            named = event.op == "delete" or (event.op == "update" and self._lab.intent.streams)
            yield Change(
                at=row[PLACE],
                op=event.op,
                row=row if event.op in ("insert", "update") else None,
                key=tuple(before[name] for name in self._lab.intent.key) if named else None,
            )

    def wrong(self, done: bool) -> str:
        """What the feed says of its reader."""
        return self._feed.wrong(self._lab.applied(), done)
