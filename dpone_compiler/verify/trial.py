"""One bundle that is tried in a lab: loads beside the model, what was seen of each promise, and how a try ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import MappingProxyType

from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.verify.case import TICKS, Case, Cells, Step, tick
from dpone_compiler.verify.generate import Generator, Seeded, UnknownTypeError
from dpone_compiler.verify.intent import asked_of
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.matrix import CELLS, Cell, Failure
from dpone_compiler.verify.play import Difference, Player, play, run_plainly
from dpone_compiler.verify.shrink import as_first, shrink

_TRIES = 50  # rows that are made to find one that satisfies the filter


class BrokenError(Exception):
    """A promise that did not hold."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.difference.what)
        self.failure = failure


class Trial:
    """Collects evidence by cell; the first difference ends it: every method that plays a load raises BrokenError.

    `lab`, `generator` of its load, `asked` of the model, `seed` of the stories; `counts`: loads, rows, deleted rows and crashes.
    """

    def __init__(self, lab: Lab, *, seed: int = 1) -> None:
        self.lab, self.seed, self.asked = lab, seed, asked_of(lab.intent)
        self.generator = Generator(lab.intent)
        self._evidence: dict[str, list[str]] = {name: [] for name in CELLS}
        self.counts: Counter[str] = Counter()

    @property
    def once(self) -> bool:
        """Slices that are only added to: what is done is never done again, so every try begins with nothing."""
        return self.lab.intent.slices is not None and self.lab.intent.mode == "incremental_append"

    def cells(self) -> tuple[Cell, ...]:
        """The matrix so far."""
        claims = self.lab.bundle.doc.contract
        return tuple(
            Cell(name=name, claim=claims.get(name, ""), evidence=tuple(self._evidence[name])) for name in CELLS
        )

    def count(self, case: Case) -> None:
        """Loads and rows of a story that was played."""
        self.counts["loads"] += len(case.steps)
        self.counts["rows"] += sum(len(step.put) for step in case.steps)
        self.counts["deleted rows"] += sum(len(step.gone) for step in case.steps)

    def fail(self, case: Case, again: Callable[[Case], Difference | None], point: str = "", tries: int = 40) -> None:
        """Raise with the smallest case that still fails."""
        small = shrink(case, lambda each: again(each) is not None, self.generator.palettes, tries)
        found = again(small) or Difference(load=0, what="it failed once, and not again")
        raise BrokenError(Failure(difference=found, case=small, point=point))

    def say(self, cell: str, sentence: str) -> None:
        """What was seen of a promise: from now on it is ticked."""
        self._evidence[cell].append(sentence)

    def step(self, player: Player, step: Step, run: Callable[[Lab], RunOutcome] = run_plainly) -> None:
        """One more load; a difference is told with this step alone, and the smaller when it shows there too."""
        found = player.play(step, run)
        if found is not None:
            alone = Case(steps=(as_first(step),))
            if run is run_plainly and play(self.lab, alone) is not None:
                self.fail(alone, lambda each: play(self.lab, each))
            raise BrokenError(Failure(difference=found, case=alone))
        self.counts["loads"] += 1

    def selected(self, identity: int, at: str, cells: Cells = MappingProxyType({})) -> Cells:
        """A row with these cells that satisfies the filter and lies in the scope."""
        for seed in range(_TRIES):
            row = {**self.generator.row(Seeded(seed), identity, at), **cells}
            if self.lab.selects(row):
                return row
        raise UnknownTypeError(f"none of {_TRIES} made rows satisfies the filter and lies in the scope")

    def one_row(self, player: Player, number: int) -> Step:
        """A new row, as late as a row of the next load may be."""
        return Step(put={number: self.selected(number, tick(player.load + 1, TICKS - 1))})

    def wrong(self, player: Player, found: Difference | str | None) -> None:
        """End it when there is a difference, or words for one."""
        if found:
            difference = Difference(load=player.load, what=found) if isinstance(found, str) else found
            raise BrokenError(Failure(difference=difference))

    def played(self, case: Case) -> Player:
        """A case from nothing on."""
        player = Player(self.lab)
        for step in case.steps:
            if (found := player.play(step)) is not None:
                raise BrokenError(Failure(difference=found, case=case))
        self.counts["loads"] += sum(not step.quiet for step in case.steps)
        return player
