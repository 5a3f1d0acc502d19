"""From a case that fails to a small one that still does: fewer loads, fewer rows, plainer cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dpone_compiler.verify.case import TICK, Case, Cells, Step, tick

Fails = Callable[[Case], bool]
Palettes = Mapping[str, Sequence[str | None]]


def shrink(case: Case, fails: Fails, palettes: Palettes, tries: int = 60) -> Case:
    """The smallest case found with so many tries. `palettes`: cells of each column, the plainest first."""
    left = tries
    again = True
    while again and left > 0:
        again = False
        for smaller in _smaller(case, palettes):
            left -= 1
            if fails(smaller):
                case, again = smaller, True
                break
            if left <= 0:
                break
    return case


def _smaller(case: Case, palettes: Palettes) -> Iterator[Case]:
    """Cases that are one thing simpler, the boldest first."""
    steps = case.steps
    for index in range(len(steps)):
        yield _renumbered(steps[:index] + steps[index + 1 :], index + 1)
    for index, step in enumerate(steps):
        halves = (list(step.put)[: len(step.put) // 2], list(step.put)[len(step.put) // 2 :])
        for half in halves if len(step.put) > 2 else ():
            yield _with(case, index, replace(step, put={number: step.put[number] for number in half}))
        for number in step.put:
            rest = {other: cells for other, cells in step.put.items() if other != number}
            yield _with(case, index, replace(step, put=rest))
        for number in step.gone:
            yield _with(case, index, replace(step, gone=tuple(other for other in step.gone if other != number)))
    for index, step in enumerate(steps):
        seldom: tuple[dict[str, Any], ...] = ({"until": None}, {"emptied": False}, {"quiet": False}, {"anew": False})
        for simpler in (replace(step, **each) for each in seldom):
            if simpler != step:
                yield _with(case, index, simpler)
        for number, cells in step.put.items():
            plain = _plain(cells, palettes)
            if plain != cells:
                yield _with(case, index, replace(step, put={**step.put, number: plain}))


def as_first(step: Step) -> Step:
    """The step as the first load of a case: every tick is one of load 1."""

    def moved(text: str | None) -> str | None:
        found = TICK.fullmatch(text or "")
        return tick(1, int(found[2])) if found else text

    return replace(
        step,
        put={number: {name: moved(text) for name, text in cells.items()} for number, cells in step.put.items()},
        gone=(),
    )


def _with(case: Case, index: int, step: Step) -> Case:
    return Case(steps=(*case.steps[:index], step, *case.steps[index + 1 :]))


def _plain(cells: Cells, palettes: Palettes) -> Cells:
    """The first cell of each palette, where the cell is one of the palette."""
    return {name: palettes[name][0] if cell in palettes.get(name, ()) else cell for name, cell in cells.items()}


def _renumbered(steps: tuple[Step, ...], gone: int) -> Case:
    """Ticks of the loads after the one that is gone name them by their new numbers."""

    def moved(text: str | None) -> str | None:
        found = TICK.fullmatch(text or "")
        return tick(max(1, int(found[1]) - (int(found[1]) >= gone)), int(found[2])) if found else text

    def cells_of(cells: Cells) -> Cells:
        return {name: moved(text) for name, text in cells.items()}

    return Case(
        steps=tuple(
            replace(step, put={number: cells_of(cells) for number, cells in step.put.items()}) for step in steps
        )
    )
