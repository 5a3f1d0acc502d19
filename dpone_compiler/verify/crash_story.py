"""One long story whose loads crash, a few points at a time, until every point was come to."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from dpone_compiler.verify.case import Case, Cells, Step
from dpone_compiler.verify.crashes import Crashing
from dpone_compiler.verify.cut import Point, points_of
from dpone_compiler.verify.generate import Seeded
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.matrix import Failure
from dpone_compiler.verify.play import Difference, Player
from dpone_compiler.verify.trial import BrokenError, Trial

_FRESH, _MOST = 6, 99  # rows of a first load
_TOGETHER = 8  # crashes that one load goes through before it may end


def crash_story(trial: Trial) -> Player:
    """Play it; the player goes on from there. Points that this plan never comes to are said."""
    waiting = list(points_of(trial.lab.bundle.doc))
    story = trial.generator.story(Seeded(trial.seed + 100), loads=len(waiting) + 1, fresh=_crowd(trial), pauses=False)
    player, landed, never = Player(trial.lab), 0, list[Point]()
    living = dict[int, Cells]()
    steps = iter(enumerate(story.steps))
    while waiting:
        index, step = next(steps)
        if trial.once:
            player, step = Player(trial.lab), story.steps[0]
        tried = waiting[:_TOGETHER] if index or trial.once else []  # the first load only fills the target
        crashing, before = Crashing(tried), player.target
        found = player.play(step, crashing) or crashing.between(trial.lab, before, player.target, index + 1)
        if found is not None:
            _fail_crashed(trial, Case(steps=(step,) if trial.once else story.steps[: index + 1]), tried, found)
        if player.guarded:  # the source gets back what it had, or nothing would ever be loaded again
            trial.step(player, _back(living, step))
        else:
            living = {number: cells for number, cells in {**living, **step.put}.items() if number not in step.gone}
        landed += len(crashing.seen)
        missed = list(crashing.missed)
        if tried and missed == tried:  # not even the first: this plan skips it
            never.append(missed.pop(0))
        waiting = missed + waiting[len(tried) :]
    trial.counts["crashes"] += landed
    trial.counts["loads"] += player.load
    trial.say("atomicity", f"{landed} crashes, each followed by a look at the target")
    trial.say("replay", f"each of the {landed} crashed runs was resumed, and gave the model's rows")
    if never:
        trial.say("replay", f"never come to in these runs: {', '.join(str(point) for point in never)}")
    return player


def _crowd(trial: Trial) -> int:
    """Rows of the first load: so many that a guard on deletes lets one or two go."""
    ratio = trial.asked.max_delete_ratio
    return _FRESH if not ratio else max(_FRESH, min(_MOST, ceil(2 / ratio)))


def _fail_crashed(trial: Trial, case: Case, points: list[Point], found: Difference) -> None:
    """The same loads, with the crashes in the last one alone."""

    def again(each: Case) -> Difference | None:
        return _crashed(trial.lab, each, points)

    if again(case) is None:
        raise BrokenError(Failure(difference=found, case=case, point="; ".join(map(str, points))))
    needed = next((point for point in points if _crashed(trial.lab, case, [point]) is not None), None)
    points[:] = [needed] if needed is not None else points
    trial.fail(case, again, "; ".join(map(str, points)), tries=20)


def _back(living: Mapping[int, Cells], step: Step) -> Step:
    """The step that undoes another one."""
    changed = {*step.put, *step.gone}
    return Step(
        put={number: living[number] for number in sorted(changed & set(living))},
        gone=tuple(sorted(changed - set(living))),
    )


def _crashed(lab: Lab, case: Case, points: list[Point]) -> Difference | None:
    """The difference of a case whose last load goes through these crashes."""
    player = Player(lab)
    for number, step in enumerate(case.steps, 1):
        crashing, before = Crashing(points if number == len(case.steps) else ()), player.target
        found = player.play(step, crashing) or crashing.between(lab, before, player.target, number)
        if found is not None:
            return found
    return None
