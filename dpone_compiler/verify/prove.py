"""Prove one bundle in a lab: stories, a crash at every step, and a probe for each promise of its contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from math import ceil
from types import MappingProxyType

from dpone_compiler.artifacts.effects import resync_steps
from dpone_compiler.expr.types import Kind
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.verify.case import TICKS, Case, Cells, Step, tick
from dpone_compiler.verify.crashes import HELD, Crashing
from dpone_compiler.verify.cut import Point, points_of
from dpone_compiler.verify.generate import Generator, Seeded, UnknownTypeError
from dpone_compiler.verify.intent import asked_of
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.matrix import CELLS, Cell, Failure
from dpone_compiler.verify.play import Difference, Player, play, run_plainly
from dpone_compiler.verify.repairs import Pair, pair_of
from dpone_compiler.verify.rivals import LOCK, STOPPED, TOKEN, Rival, Sleeping, fences_of
from dpone_compiler.verify.shrink import as_first, shrink
from dpone_compiler.verify.values import value_of

_TRIES = 50  # rows that are made to find one that satisfies the filter
_FRESH, _MOST = 6, 99  # rows of a first load
_STORIES, _LOADS, _TOGETHER = 2, 3, 8  # crashes that one load goes through before it may end


class BrokenError(Exception):
    """A promise that did not hold."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.difference.what)
        self.failure = failure


class Prover:
    """Collects evidence by cell; the first difference ends it."""

    def __init__(self, lab: Lab, *, seed: int = 1) -> None:
        self._lab, self._seed, self._asked = lab, seed, asked_of(lab.intent)
        self._generator = Generator(lab.intent)
        self._evidence: dict[str, list[str]] = {name: [] for name in CELLS}
        self.counts: Counter[str] = Counter()

    @property
    def _once(self) -> bool:
        """Slices that are only added to: what is done is never done again, so every try begins with nothing."""
        return self._lab.intent.slices is not None and self._lab.intent.mode == "incremental_append"

    def cells(self) -> tuple[Cell, ...]:
        """The matrix so far."""
        claims = self._lab.bundle.doc.contract
        return tuple(
            Cell(name=name, claim=claims.get(name, ""), evidence=tuple(self._evidence[name])) for name in CELLS
        )

    def prove(self) -> None:
        """Everything, in the order in which a difference is easiest to understand. Raises BrokenError."""
        self._stories()
        player = self._crashes()
        self._again(player)
        self._keys(player)
        self._concurrency(player)
        self._late(player)
        self._resync()
        if self._lab.intent.streams:
            self._identity()
        if self._asked.truncate == "fail" and self._lab.intent.feed is not None:
            self._truncate()

    # ---- stories -----------------------------------------------------------------------------------------------------

    def _stories(self) -> None:
        for seed in range(self._seed, self._seed + _STORIES):
            case = self._generator.story(Seeded(seed), loads=_LOADS)
            if play(self._lab, case) is not None:
                self._fail(case, lambda each: play(self._lab, each))
            self._count(case)
        self._say("deletes", f"{self.counts['deleted rows']} rows were deleted at the source between loads")

    def _count(self, case: Case) -> None:
        self.counts["loads"] += len(case.steps)
        self.counts["rows"] += sum(len(step.put) for step in case.steps)
        self.counts["deleted rows"] += sum(len(step.gone) for step in case.steps)

    def _fail(self, case: Case, again: Callable[[Case], Difference | None], point: str = "", tries: int = 40) -> None:
        """Raise with the smallest case that still fails."""
        small = shrink(case, lambda each: again(each) is not None, self._generator.palettes, tries)
        found = again(small) or Difference(load=0, what="it failed once, and not again")
        raise BrokenError(Failure(difference=found, case=small, point=point))

    def _say(self, cell: str, sentence: str) -> None:
        self._evidence[cell].append(sentence)

    # ---- crashes -----------------------------------------------------------------------------------------------------

    def _crashes(self) -> Player:
        """One long story whose loads crash, a few points at a time, until every point was come to."""
        waiting = list(points_of(self._lab.bundle.doc))
        story = self._generator.story(
            Seeded(self._seed + 100), loads=len(waiting) + 1, fresh=self._crowd(), pauses=False
        )
        player, landed, never = Player(self._lab), 0, list[Point]()
        living = dict[int, Cells]()
        steps = iter(enumerate(story.steps))
        while waiting:
            index, step = next(steps)
            if self._once:
                player, step = Player(self._lab), story.steps[0]
            tried = waiting[:_TOGETHER] if index or self._once else []  # the first load only fills the target
            crashing, before = Crashing(tried), player.target
            found = player.play(step, crashing) or crashing.between(self._lab, before, player.target, index + 1)
            if found is not None:
                self._fail_crashed(Case(steps=(step,) if self._once else story.steps[: index + 1]), tried, found)
            if player.guarded:  # the source gets back what it had, or nothing would ever be loaded again
                self._step(player, _back(living, step))
            else:
                living = {number: cells for number, cells in {**living, **step.put}.items() if number not in step.gone}
            landed += len(crashing.seen)
            missed = list(crashing.missed)
            if tried and missed == tried:  # not even the first: this plan skips it
                never.append(missed.pop(0))
            waiting = missed + waiting[len(tried) :]
        self.counts["crashes"] += landed
        self.counts["loads"] += player.load
        self._say("atomicity", f"{landed} crashes, each followed by a look at the target")
        self._say("replay", f"each of the {landed} crashed runs was resumed, and gave the model's rows")
        if never:
            self._say("replay", f"never come to in these runs: {', '.join(str(point) for point in never)}")
        return player

    def _crowd(self) -> int:
        """Rows of the first load: so many that a guard on deletes lets one or two go."""
        ratio = self._asked.max_delete_ratio
        return _FRESH if not ratio else max(_FRESH, min(_MOST, ceil(2 / ratio)))

    def _fail_crashed(self, case: Case, points: list[Point], found: Difference) -> None:
        """The same loads, with the crashes in the last one alone."""

        def again(each: Case) -> Difference | None:
            return crashed(self._lab, each, points)

        if again(case) is None:
            raise BrokenError(Failure(difference=found, case=case, point="; ".join(map(str, points))))
        needed = next((point for point in points if crashed(self._lab, case, [point]) is not None), None)
        points[:] = [needed] if needed is not None else points
        self._fail(case, again, "; ".join(map(str, points)), tries=20)

    # ---- probes ------------------------------------------------------------------------------------------------------

    def _step(self, player: Player, step: Step, run: Callable[[Lab], RunOutcome] = run_plainly) -> None:
        found = player.play(step, run)
        if found is not None:
            alone = Case(steps=(as_first(step),))
            if run is run_plainly and play(self._lab, alone) is not None:
                self._fail(alone, lambda each: play(self._lab, each))
            raise BrokenError(Failure(difference=found, case=alone))
        self.counts["loads"] += 1

    def _selected(self, identity: int, at: str, cells: Cells = MappingProxyType({})) -> Cells:
        """A row with these cells that satisfies the filter and lies in the scope."""
        for seed in range(_TRIES):
            row = {**self._generator.row(Seeded(seed), identity, at), **cells}
            if self._lab.selects(row):
                return row
        raise UnknownTypeError(f"none of {_TRIES} made rows satisfies the filter and lies in the scope")

    def _again(self, player: Player) -> None:
        self._step(player, Step(put={}))
        self._say("replay", "a run with nothing new left the target as it was")

    def _keys(self, player: Player) -> None:
        """A row without a key, and a key twice."""
        if self._lab.intent.streams:
            return  # a row without a key would stay in the log for ever
        if not self._lab.intent.key:
            for cell in ("null_keys", "staging_duplicates"):
                self._say(cell, "the load has no key")
            return
        for cell in ("null_keys", "staging_duplicates"):
            row = self._selected(9001, tick(player.load + 1, 0))
            rows = {9001: row, 9002: {**row}}
            if cell == "null_keys":
                rows = {9001: self._generator.with_null_key(row)}
            self._step(player, Step(put=rows))
            self._say(
                cell, f"tried: {'refused, and the target was as before' if player.refused else 'the policy held'}"
            )
            self._step(player, Step(put={}, gone=tuple(rows)))

    def _identity(self) -> None:
        """What a slot cannot tell: a row without a key, a key twice. And a key that comes and goes within one window."""
        rows = {number: self._selected(number, tick(1, 0)) for number in (1, 2)}
        lacking = self._generator.with_null_key(rows[1])
        for cell, wrong in (("null_keys", (lacking,)), ("staging_duplicates", (rows[1], rows[1]))):
            if self._lab.takes(wrong):
                raise UnknownTypeError("the replica identity of the source lets rows without a key, or a key twice, in")
            self._say(cell, "the source itself refused it: its replica identity is unique and not NULL")
        other = {1: {**self._selected(3, tick(1, 0)), **{name: rows[1][name] for name in self._lab.intent.source_key}}}
        steps = (
            Step(put=rows),
            Step(put=other, quiet=True),
            Step(put={}, gone=(1,), quiet=True),
            Step(put={1: rows[1]}, gone=(2,), quiet=True),
            Step(put=other),
        )
        self._played(Case(steps=steps))
        self._say("staging_duplicates", "a key changed, went and came again in one window, and its last change won")

    def _truncate(self) -> None:
        rows = {number: self._selected(number, tick(1, 0)) for number in (1, 2)}
        player = self._played(Case(steps=(Step(put=rows), Step(put={}, emptied=True))))
        if not player.refused:
            raise BrokenError(Failure(difference=Difference(load=2, what="a truncate did not stop the run")))
        self._say("deletes", "a truncate stopped the run, and the target was as before")

    def _played(self, case: Case) -> Player:
        player = Player(self._lab)
        for step in case.steps:
            if (found := player.play(step)) is not None:
                raise BrokenError(Failure(difference=found, case=case))
        self.counts["loads"] += sum(not step.quiet for step in case.steps)
        return player

    def _concurrency(self, player: Player) -> None:
        """Every way in which two runs may meet, before anything is said of the promise."""
        seen = [self._rival(player)]
        if TOKEN in self._lab.bundle.doc.contract.get("concurrency", ""):
            seen.append(self._sleepers(player))
        for sentence in seen:
            self._say("concurrency", sentence)

    def _rival(self, player: Player) -> str:
        """A second run in the middle of the first."""
        rival = Rival(self._lab)
        player = Player(self._lab) if self._once else player
        self._step(player, self._one_row(player, 9101), lambda lab: lab.run(faults=rival))
        promise = self._lab.bundle.doc.contract.get("concurrency", "")
        self._wrong(player, rival.wrong(promise))
        held = ", and the target's advisory lock was held while it changed" if LOCK in promise else ""
        return f"a second run in the middle of the first was sent away ({HELD}), and the first was right{held}"

    def _sleepers(self, player: Player) -> str:
        """A run that sleeps before a fence until another run has its lease, fence by fence."""
        fences = fences_of(self._lab.bundle.doc)
        if not fences:
            self._wrong(player, "no step of the plan looks at the fencing token")
        for number, step in enumerate(fences, 9111):
            player = Player(self._lab) if self._once else player
            sleeping = Sleeping(step)
            self._step(player, self._one_row(player, number), sleeping)
            self._wrong(player, sleeping.wrong())
        told = ", ".join(fences)
        return f"a run whose lease ran out before {told} was stopped there ({STOPPED}) when another had finished, and changed nothing"

    def _resync(self) -> None:
        """One of two partitions is loaded again, when the source has changed in both and a row has moved between them."""
        if not resync_steps(self._lab.bundle.doc):
            return
        pair = pair_of(self._lab.intent, self._generator.palettes)
        if pair is None:
            self._say("replay", "its resync was not tried: no rows are made here for two of its partitions")
            return
        player = Player(self._lab)
        self._step(player, Step(put=self._in(player, pair, here=(1, 2), there=(3, 4))))
        kept = self._generator.keeps_rows
        put = self._in(player, pair, here=(5,) if kept else (1, 3, 5), there=() if kept else (4,))
        self._wrong(player, player.play(Step(put=put, gone=(2,), quiet=True)))
        self._wrong(player, player.resync([pair.place]))
        self._wrong(player, "the resync was refused, so it shows nothing" if player.refused else "")
        self._step(player, Step(put={}))
        self._say(
            "replay",
            "a resync of one partition gave the model's rows, left the others and the watermark as they were, and the next load went on",
        )

    def _in(self, player: Player, pair: Pair, *, here: tuple[int, ...], there: tuple[int, ...]) -> dict[int, Cells]:
        """Rows of two partitions, by their numbers."""
        load = player.load + 1
        self._lab.begin(load)
        placed = [(number, pair.here) for number in here] + [(number, pair.there) for number in there]
        at = tick(load, TICKS - 1)
        return {number: self._selected(number, at, {pair.column: cell}) for number, cell in placed}

    def _one_row(self, player: Player, number: int) -> Step:
        """A new row, as late as a row of the next load may be."""
        return Step(put={number: self._selected(number, tick(player.load + 1, TICKS - 1))})

    def _wrong(self, player: Player, found: Difference | str | None) -> None:
        if found:
            difference = Difference(load=player.load, what=found) if isinstance(found, str) else found
            raise BrokenError(Failure(difference=difference))

    def _late(self, player: Player) -> None:
        cursor = self._lab.intent.cursor
        if self._lab.intent.slices is not None:
            self._say("late_data", "every slice was loaded once, whatever came later, and the watermark stood still")
            return
        if self._lab.intent.streams:
            self._open_transaction(player)
            return
        if cursor is None:
            self._say("late_data", "every load read the whole source, and its target was the model's")
            return
        said = self._lab.intent.read["cursor"]
        if said["assigned_by"] == "database" and cursor.type.kind is Kind.TIMESTAMP:
            self._open_transaction(player)
        if said["lag"]:
            self._say("late_data", f"no window ended later than {said['lag']} s before the source's clock")
        elif cursor.type.kind is not Kind.TIMESTAMP:
            self._say("late_data", "no window passed what the source had promised")
        self._say(
            "late_data",
            f"{self.counts['loads']} windows followed each other, with ties at their ends and rows behind them",
        )

    def _open_transaction(self, player: Player) -> None:
        """A row whose transaction is open while a load runs, and commits afterwards."""
        row = self._selected(9201, tick(player.load, 0))
        with self._lab.writer(row) as written:
            self._step(player, Step(put={}))
        cursor, reached = self._lab.intent.cursor, self._lab.watermark()
        if cursor is None:
            player.know(9201, written)
        elif reached is not None and reached > value_of(written[cursor.name], cursor.type):
            what = f"the window ended at {reached}, and a transaction that was open has rows below it"
            raise BrokenError(Failure(difference=Difference(load=player.load, what=what)))
        self._step(player, Step(put={9201: written}))
        self._say("late_data", "a row whose transaction was open during a load was read by the next one")


def _back(living: Mapping[int, Cells], step: Step) -> Step:
    """The step that undoes another one."""
    changed = {*step.put, *step.gone}
    return Step(
        put={number: living[number] for number in sorted(changed & set(living))},
        gone=tuple(sorted(changed - set(living))),
    )


def crashed(lab: Lab, case: Case, points: list[Point]) -> Difference | None:
    """The difference of a case whose last load goes through these crashes."""
    player = Player(lab)
    for number, step in enumerate(case.steps, 1):
        crashing, before = Crashing(points if number == len(case.steps) else ()), player.target
        found = player.play(step, crashing) or crashing.between(lab, before, player.target, number)
        if found is not None:
            return found
    return None
