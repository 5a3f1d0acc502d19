"""What a resync is tried with: rows of two partitions, and what happens to both before one of them is loaded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from dpone_compiler.expr.types import Kind
from dpone_compiler.source.value import value
from dpone_compiler.verify.intent import Intent
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
