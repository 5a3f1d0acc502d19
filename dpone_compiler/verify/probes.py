"""A probe for each promise that a story alone would not try: repeated loads, keys, truncates, and rows that come late."""

from __future__ import annotations

from dpone_compiler.expr.types import Kind
from dpone_compiler.verify.case import Case, Step, tick
from dpone_compiler.verify.generate import UnknownTypeError
from dpone_compiler.verify.matrix import Failure
from dpone_compiler.verify.play import Difference, Player
from dpone_compiler.verify.trial import BrokenError, Trial
from dpone_compiler.verify.values import value_of


def again(trial: Trial, player: Player) -> None:
    """A run with nothing new."""
    trial.step(player, Step(put={}))
    trial.say("replay", "a run with nothing new left the target as it was")


def keys(trial: Trial, player: Player) -> None:
    """A row without a key, and a key twice."""
    if trial.lab.intent.streams:
        return  # a row without a key would stay in the log for ever
    if not trial.lab.intent.key:
        for cell in ("null_keys", "staging_duplicates"):
            trial.say(cell, "the load has no key")
        return
    for cell in ("null_keys", "staging_duplicates"):
        row = trial.selected(9001, tick(player.load + 1, 0))
        rows = {9001: row, 9002: {**row}}
        if cell == "null_keys":
            rows = {9001: trial.generator.with_null_key(row)}
        trial.step(player, Step(put=rows))
        trial.say(cell, f"tried: {'refused, and the target was as before' if player.refused else 'the policy held'}")
        trial.step(player, Step(put={}, gone=tuple(rows)))


def identity(trial: Trial) -> None:
    """What a slot cannot tell: a row without a key, a key twice. And a key that comes and goes within one window."""
    rows = {number: trial.selected(number, tick(1, 0)) for number in (1, 2)}
    lacking = trial.generator.with_null_key(rows[1])
    for cell, wrong in (("null_keys", (lacking,)), ("staging_duplicates", (rows[1], rows[1]))):
        if trial.lab.takes(wrong):
            raise UnknownTypeError("the replica identity of the source lets rows without a key, or a key twice, in")
        trial.say(cell, "the source itself refused it: its replica identity is unique and not NULL")
    other = {1: {**trial.selected(3, tick(1, 0)), **{name: rows[1][name] for name in trial.lab.intent.source_key}}}
    steps = (
        Step(put=rows),
        Step(put=other, quiet=True),
        Step(put={}, gone=(1,), quiet=True),
        Step(put={1: rows[1]}, gone=(2,), quiet=True),
        Step(put=other),
    )
    trial.played(Case(steps=steps))
    trial.say("staging_duplicates", "a key changed, went and came again in one window, and its last change won")


def truncate(trial: Trial) -> None:
    """A truncate at the source of a load that is not to follow it."""
    rows = {number: trial.selected(number, tick(1, 0)) for number in (1, 2)}
    player = trial.played(Case(steps=(Step(put=rows), Step(put={}, emptied=True))))
    if not player.refused:
        raise BrokenError(Failure(difference=Difference(load=2, what="a truncate did not stop the run")))
    trial.say("deletes", "a truncate stopped the run, and the target was as before")


def late(trial: Trial, player: Player) -> None:
    """Where windows end, and what becomes of rows that come after that."""
    cursor = trial.lab.intent.cursor
    if trial.lab.intent.slices is not None:
        trial.say("late_data", "every slice was loaded once, whatever came later, and the watermark stood still")
        return
    if trial.lab.intent.streams:
        _open_transaction(trial, player)
        return
    if cursor is None:
        trial.say("late_data", "every load read the whole source, and its target was the model's")
        return
    said = trial.lab.intent.read["cursor"]
    if said["assigned_by"] == "database" and cursor.type.kind is Kind.TIMESTAMP:
        _open_transaction(trial, player)
    if said["lag"]:
        trial.say("late_data", f"no window ended later than {said['lag']} s before the source's clock")
    elif cursor.type.kind is not Kind.TIMESTAMP:
        trial.say("late_data", "no window passed what the source had promised")
    trial.say(
        "late_data",
        f"{trial.counts['loads']} windows followed each other, with ties at their ends and rows behind them",
    )


def _open_transaction(trial: Trial, player: Player) -> None:
    """A row whose transaction is open while a load runs, and commits afterwards."""
    row = trial.selected(9201, tick(player.load, 0))
    with trial.lab.writer(row) as written:
        trial.step(player, Step(put={}))
    cursor, reached = trial.lab.intent.cursor, trial.lab.watermark()
    if cursor is None:
        player.know(9201, written)
    elif reached is not None and reached > value_of(written[cursor.name], cursor.type):
        what = f"the window ended at {reached}, and a transaction that was open has rows below it"
        raise BrokenError(Failure(difference=Difference(load=player.load, what=what)))
    trial.step(player, Step(put={9201: written}))
    trial.say("late_data", "a row whose transaction was open during a load was read by the next one")
