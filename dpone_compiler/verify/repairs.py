"""A resync beside the model: rows of two partitions, and what happens to both before one of them is loaded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from dpone_compiler.artifacts.effects import resync_steps
from dpone_compiler.expr.types import Kind
from dpone_compiler.source.value import value
from dpone_compiler.verify.case import TICKS, Cells, Step, tick
from dpone_compiler.verify.intent import Intent
from dpone_compiler.verify.play import Player
from dpone_compiler.verify.trial import Trial
from dpone_compiler.verify.values import unit_of, value_of

_AS_PRINTED = (Kind.INT, Kind.TEXT, Kind.DATE)  # a value of these is named by its text, whoever prints it


@value(kw_only=True)
class Pair:
    """Two partitions. `column`: of the source; `here`, `there`: its cells; `place`: the partition of `here` as the model has it."""

    column: str
    here: str
    there: str
    place: Any


def pair_of(intent: Intent, palettes: Mapping[str, Sequence[str | None]]) -> Pair | None:
    """Two cells of the partition column that lie apart; None when no rows can be made for them."""
    partition = intent.write["partition"]
    carried = next((each for each in intent.carried if partition and each.target == partition["column"]), None)
    if carried is None or carried.expression or carried.source not in palettes:
        return None
    if partition["unit"] == "value" and carried.type.kind not in _AS_PRINTED:
        return None
    of = unit_of(partition["unit"])
    cells = [cell for cell in palettes[carried.source] if cell is not None]
    for here, there in combinations(cells, 2):
        place, other = (of(value_of(cell, carried.type)) for cell in (here, there))
        if place != other:
            return Pair(column=carried.source, here=here, there=there, place=place)
    return None


def resync(trial: Trial) -> None:
    """One of two partitions is loaded again, when the source has changed in both and a row has moved between them."""
    if not resync_steps(trial.lab.bundle.doc):
        return
    pair = pair_of(trial.lab.intent, trial.generator.palettes)
    if pair is None:
        trial.say("replay", "its resync was not tried: no rows are made here for two of its partitions")
        return
    player = Player(trial.lab)
    trial.step(player, Step(put=_in(trial, player, pair, here=(1, 2), there=(3, 4))))
    kept = trial.generator.keeps_rows
    put = _in(trial, player, pair, here=(5,) if kept else (1, 3, 5), there=() if kept else (4,))
    trial.wrong(player, player.play(Step(put=put, gone=(2,), quiet=True)))
    trial.wrong(player, player.resync([pair.place]))
    trial.wrong(player, "the resync was refused, so it shows nothing" if player.refused else "")
    trial.step(player, Step(put={}))
    trial.say(
        "replay",
        "a resync of one partition gave the model's rows, left the others and the watermark as they were, and the next load went on",
    )


def _in(trial: Trial, player: Player, pair: Pair, *, here: tuple[int, ...], there: tuple[int, ...]) -> dict[int, Cells]:
    """Rows of two partitions, by their numbers."""
    load = player.load + 1
    trial.lab.begin(load)
    placed = [(number, pair.here) for number in here] + [(number, pair.there) for number in there]
    at = tick(load, TICKS - 1)
    return {number: trial.selected(number, at, {pair.column: cell}) for number, cell in placed}
