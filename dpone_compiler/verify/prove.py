"""Prove one bundle in a lab: stories, a crash at every step, and a probe for each promise of its contract."""

from __future__ import annotations

from dpone_compiler.verify.crash_story import crash_story
from dpone_compiler.verify.generate import Seeded
from dpone_compiler.verify.meetings import two_runs
from dpone_compiler.verify.play import play
from dpone_compiler.verify.probes import again, identity, keys, late, truncate
from dpone_compiler.verify.repairs import resync
from dpone_compiler.verify.trial import Trial

_STORIES, _LOADS = 2, 3


def prove(trial: Trial) -> None:
    """Everything, in the order in which a difference is easiest to understand. Raises BrokenError."""
    _stories(trial)
    player = crash_story(trial)
    again(trial, player)
    keys(trial, player)
    two_runs(trial, player)
    late(trial, player)
    resync(trial)
    intent = trial.lab.intent
    if intent.streams:
        identity(trial)
    if trial.asked.truncate == "fail" and intent.feed is not None:
        truncate(trial)


def _stories(trial: Trial) -> None:
    for seed in range(trial.seed, trial.seed + _STORIES):
        case = trial.generator.story(Seeded(seed), loads=_LOADS)
        if play(trial.lab, case) is not None:
            trial.fail(case, lambda each: play(trial.lab, each))
        trial.count(case)
    trial.say("deletes", f"{trial.counts['deleted rows']} rows were deleted at the source between loads")
