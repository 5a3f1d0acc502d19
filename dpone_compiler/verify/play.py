"""Play a case in a lab and in the model, load by load, until they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace as with_
from typing import Any

from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.source.value import value
from dpone_compiler.verify.case import Case, Cells, Step
from dpone_compiler.verify.intent import BACKFILL, asked_of
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.meaning.asked import Loaded, Outcome, Refused, Row, Rows, State, Value
from dpone_compiler.verify.meaning.pages import STRATEGIES
from dpone_compiler.verify.meaning.resync import resync
from dpone_compiler.verify.told import ChangesTold, RowsTold
from dpone_compiler.verify.values import partition_name

# The name of a refusal of the model -> the codes that a run may end with. A staging table whose key column takes no NULL, and a
# unique index on it, refuse earlier than the plan's own gates, with the engine's words (DP424).
CODES = {
    "target_not_empty": ("DP411",),
    "empty_source": ("DP502",),
    "null_key": ("DP503", "DP424"),
    "duplicate_key": ("DP504",),
    "too_many_partitions": ("DP505",),
    "null_partition": ("DP506",),
    "null_cursor": ("DP508",),
    "too_many_deletes": ("DP507",),
    "truncated": ("DP522",),
    "unknown_value": ("DP523",),
}
MODELLED = frozenset(
    {
        "cdc_apply",
        "full_refresh",
        "incremental_append",
        "incremental_merge",
        "partition_replace",
        "replace",
        "scd2",
        "snapshot_diff",
        *(name for name in STRATEGIES if name.startswith(BACKFILL)),
    }
)
# Refused when the rows are staged already: the same run again would find the same, so somebody has to abort it.
_STAGED = ("too_many_deletes",)
Run = Callable[[Lab], RunOutcome]


@value(kw_only=True)
class Difference:
    """Where the engines and the model part. `load` counts from 1. `missing` and `extra`: rows of the target."""

    load: int
    what: str
    missing: Rows = ()
    extra: Rows = ()

    @property
    def size(self) -> int:
        """Rows that differ."""
        return len(self.missing) + len(self.extra)


def run_plainly(lab: Lab) -> RunOutcome:
    """One run without a fault."""
    return lab.run()


class Player:
    """Plays loads one after the other; keeps what the source was told and what the model says.

    `refused`: the last load was, and the next one may be done. `guarded`: too many rows would have gone, and as long as they lack
    no load is done.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab, self._asked = lab, asked_of(lab.intent)
        self.load, self._told = 0, ChangesTold(lab) if lab.feed is not None else RowsTold(lab)
        self.target: Rows = ()
        self.state = State()
        self.refused = self.guarded = False
        lab.clear()

    def play(self, step: Step, run: Run = run_plainly) -> Difference | None:
        """One load; None when both agree. After a refusal both are as before, and the next load goes on from there."""
        self.load += 1
        self._begin_again()
        self._told.follow(self.load, step)
        if step.anew and self.state.known and not self.refused:  # it has a state, and no attempt is open
            self._lab.forget_position()
            self._told.forget()
            self.state = with_(self.state, position=None)
        if step.quiet:
            return None
        self._told.look()
        before = self._lab.watermark()
        # A refused attempt stays open with its own window, and another one may not be asked for.
        if step.until is not None and run is run_plainly and not self.refused:
            ended = self._lab.run(window=self._lab.window(self.load, step.until))
        else:
            ended = run(self._lab)
        done = ended.exit_code == 0
        wrong = self._wrong_horizon(before, self._lab.watermark()) if done else ""
        if wrong := wrong or self._told.wrong(done):
            return Difference(load=self.load, what=wrong)
        strategy = STRATEGIES[self._lab.intent.strategy]
        meant = strategy(self.target, self._told.source(before, done), self.state, self._asked)
        self.target, self.state = meant.target, meant.state
        self.refused = isinstance(meant, Refused)
        self.guarded = isinstance(meant, Refused) and meant.name in _STAGED
        sliced = (
            self._lab.intent.slices is not None
        )  # slices are tried in their order, so a refused one is taken up again
        if not done and isinstance(meant, Refused) and (sliced or meant.name in _STAGED):
            self._lab.abort(ended.run_id)
        return self._ended_otherwise(meant, ended) or self.compare()

    def resync(self, places: Collection[Value]) -> Difference | None:
        """Load these partitions again; None when both agree, and the watermark stands where it stood."""
        lab, before = self._lab, self._lab.watermark()
        self._told.look()
        unit = lab.intent.write["partition"]["unit"]
        ended = lab.resync([partition_name(unit, place) for place in places])
        again = resync(places, loaded=lab.intent.mode == "incremental_append")
        meant = again(self.target, self._told.source(before, ended.exit_code == 0), self.state, self._asked)
        self.target, self.refused = meant.target, isinstance(meant, Refused)
        if (after := lab.watermark()) != before:
            return Difference(load=self.load, what=f"a resync moved the watermark from {before} to {after}")
        found = self._ended_otherwise(meant, ended) or self.compare()
        return found and with_(found, what=f"in a resync behind it, {found.what}")

    def _begin_again(self) -> None:
        """Each load of a story is a backfill from its first slice; an append would find its own rows in its way."""
        if self._lab.intent.slices is not None and self._lab.intent.mode != "incremental_append":
            self._lab.forget_slices()
            self.state = with_(self.state, done=())

    def know(self, number: int, cells: Cells) -> None:
        """Somebody else has written this row since the last load."""
        self._told.know(self.load, number, cells)

    def compare(self) -> Difference | None:
        """The target's rows against the model's."""
        missing, extra = difference(self.target, self._lab.rows())
        if missing or extra:
            what = "the target does not hold what the strategy means"
            return Difference(load=self.load, what=what, missing=missing, extra=extra)
        return None

    def _ended_otherwise(self, meant: Outcome, ended: RunOutcome) -> Difference | None:
        told = f"{ended.code} at {ended.step}: {ended.message}"
        if isinstance(meant, Loaded):
            return None if ended.exit_code == 0 else Difference(load=self.load, what=f"the run was refused: {told}")
        if ended.exit_code == 0:
            what = f"the run was done, and it had to be refused: {meant.name}, {meant.detail}"
            return Difference(load=self.load, what=what)
        if ended.code not in CODES[meant.name]:
            return Difference(
                load=self.load, what=f"refused by {told}; it had to be {CODES[meant.name][0]}, {meant.detail}"
            )
        return None

    def _wrong_horizon(self, before: Any, after: Any) -> str:
        """A watermark that fell, or that lies beyond what the source can promise."""
        if self._lab.intent.cursor is None or after is None:
            return ""
        if before is not None and after < before:
            return f"the watermark fell from {before} to {after}"
        latest = self._lab.latest()
        return f"the window reached {after}, beyond {latest}" if after > latest and after != before else ""


def play(lab: Lab, case: Case, run: Run = run_plainly) -> Difference | None:
    """The first difference of a case."""
    player = Player(lab)
    for step in case.steps:
        if (found := player.play(step, run)) is not None:
            return found
    return None


def difference(wanted: Iterable[Row], found: Iterable[Row]) -> tuple[Rows, Rows]:
    """Rows that are missing and rows that are too many."""
    want, have = _bag(wanted), _bag(found)
    return _rows(want - have), _rows(have - want)


def _bag(rows: Iterable[Row]) -> Counter[tuple[tuple[str, Any], ...]]:
    return Counter(tuple(sorted(row.items())) for row in rows)


def _rows(bag: Counter[tuple[tuple[str, Any], ...]]) -> Rows:
    return tuple(dict(row) for row in sorted(bag.elements(), key=str))
