"""Two runs of one load meet in every way that the contract speaks of."""

from __future__ import annotations

from dpone_compiler.verify.crashes import HELD
from dpone_compiler.verify.play import Player
from dpone_compiler.verify.rivals import LOCK, STOPPED, TOKEN, Rival, Sleeping, fences_of
from dpone_compiler.verify.trial import Trial


def two_runs(trial: Trial, player: Player) -> None:
    """A promise of a fencing token is ticked when a run that lost its lease was stopped, not when a second one was sent away."""
    seen = [_rival(trial, player)]
    if TOKEN in trial.lab.bundle.doc.contract.get("concurrency", ""):
        seen.append(_sleepers(trial, player))
    for sentence in seen:
        trial.say("concurrency", sentence)


def _rival(trial: Trial, player: Player) -> str:
    """A second run in the middle of the first."""
    rival = Rival(trial.lab)
    player = Player(trial.lab) if trial.once else player
    trial.step(player, trial.one_row(player, 9101), lambda lab: lab.run(faults=rival))
    promise = trial.lab.bundle.doc.contract.get("concurrency", "")
    trial.wrong(player, rival.wrong(promise))
    held = ", and the target's advisory lock was held while it changed" if LOCK in promise else ""
    return f"a second run in the middle of the first was sent away ({HELD}), and the first was right{held}"


def _sleepers(trial: Trial, player: Player) -> str:
    """A run that sleeps before a fence until another run has its lease, fence by fence."""
    fences = fences_of(trial.lab.bundle.doc)
    if not fences:
        trial.wrong(player, "no step of the plan looks at the fencing token")
    for number, step in enumerate(fences, 9111):
        player = Player(trial.lab) if trial.once else player
        sleeping = Sleeping(step)
        trial.step(player, trial.one_row(player, number), sleeping)
        trial.wrong(player, sleeping.wrong())
    told = ", ".join(fences)
    return f"a run whose lease ran out before {told} was stopped there ({STOPPED}) when another had finished, and changed nothing"
