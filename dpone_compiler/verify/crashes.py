"""Crash a load at several points, resume it each time, and look at the target in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.source.value import value
from dpone_compiler.verify.cut import Cut, Point
from dpone_compiler.verify.intent import Intent
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.meaning.asked import Row, Rows, Value
from dpone_compiler.verify.play import Difference, difference
from dpone_compiler.verify.values import unit_of

_PATIENCE = 100  # times that a resumed run asks for a lease whose holder has just died
_PAUSE = 0.05
HELD = "DP413"


@value
class Seen:
    """What the target held after a crash."""

    point: Point
    rows: Rows


class Crashing:
    """Runs a load through some points. `seen`: the target after each crash; `missed`: points that the run never came to."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._points = tuple(points)
        self.seen: list[Seen] = []
        self.missed: tuple[Point, ...] = ()

    def __call__(self, lab: Lab) -> RunOutcome:
        """Crash at each point, then run to the end."""
        before = lab.state().get("run_id")
        for index, point in enumerate(self._points):
            cut = Cut(point)
            ended = until_free(lambda cut=cut: lab.run(faults=cut, wrap=cut.wrap))  # type: ignore[misc]
            if not cut.landed:
                self.missed = self._points[index:]
                return ended
            self.seen.append(Seen(point, lab.rows()))
            state = lab.state()
            over = state.get("phase") == "done" and state.get("run_id") != before
            if over and lab.intent.slices is None:  # only its last answer was lost; a backfill may have slices left
                self.missed = self._points[index + 1 :]
                return RunOutcome(exit_code=0, status="done")
        return until_free(lab.run)

    def between(self, lab: Lab, old: Rows, new: Rows, load: int) -> Difference | None:
        """Whether the target was always what the plan's atomicity says."""
        promise = lab.bundle.doc.contract["atomicity"]
        for seen in self.seen:
            wrong = broken(promise, lab.intent, old, new, seen.rows)
            if wrong is not None:
                missing, extra = wrong
                what = f"after a crash at {seen.point} the target was neither as before nor as after ({promise})"
                return Difference(load=load, what=what, missing=missing, extra=extra)
        return None


def until_free(run: Callable[[], RunOutcome]) -> RunOutcome:
    """The server may need a moment to notice that the holder of the lease is gone."""
    for _ in range(_PATIENCE):
        ended = run()
        if ended.code != HELD:
            break
        time.sleep(_PAUSE)
    return ended


def broken(promise: str, intent: Intent, old: Rows, new: Rows, seen: Rows) -> tuple[Rows, Rows] | None:
    """The rows in which `seen` differs from what the promise allows between `old` and `new`; None when it is kept."""
    if intent.slices is not None:  # some slices are in and some are not, and a row may move from one to another
        _, extra = difference((*old, *new), seen)
        return ((), extra) if extra else None
    if promise.startswith("all or nothing"):
        return _neither(old, new, seen)
    partition = intent.write["partition"]
    if promise.startswith("per partition") and partition is not None:
        of, column = unit_of(partition["unit"]), partition["column"]

        def place(row: Row) -> Value:
            return None if row[column] is None else of(row[column])

        for each in {place(row) for row in (*old, *new, *seen)}:
            sides = (tuple(row for row in rows if place(row) == each) for rows in (old, new, seen))
            if (wrong := _neither(*sides)) is not None:
                return wrong
        return None
    _, extra = difference((*old, *new), seen)
    return ((), extra) if extra else None


def _neither(old: Rows, new: Rows, seen: Rows) -> tuple[Rows, Rows] | None:
    """The smaller of both differences, when it is neither."""
    both = [difference(old, seen), difference(new, seen)]
    if any(not missing and not extra for missing, extra in both):
        return None
    return min(both, key=lambda pair: len(pair[0]) + len(pair[1]))
