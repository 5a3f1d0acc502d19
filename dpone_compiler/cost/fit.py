"""Fits the constants of a sink to what runs took: weighted least squares with no negative part, phase by phase.

Errors are taken to grow with the root of the time, so that long runs count more than short ones, and not alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from dpone_compiler.cost.estimate import Rate
from dpone_compiler.cost.work import phase_of
from dpone_compiler.source.value import value

_LEAST = 0.02  # seconds; what is shorter counts as this much


@value
class Sample:
    """One phase of one run: rows (or partitions), bytes, seconds."""

    rows: float
    bytes: float
    seconds: float


def samples_of(steps: Sequence[Mapping[str, Any]], way: tuple[str, str], seconds: float) -> dict[str, Sample]:
    """The phases of a receipt of a run that went this way. What the run took outside of its steps is part of `open`."""
    moves = [step for step in steps if step["kind"] == "transfer"]
    if not moves:
        return {}
    staged, size = float(moves[-1]["rows"] or 0), float(moves[-1]["bytes"] or 0)
    spent: dict[str, float] = defaultdict(float)
    counted: dict[str, float] = {}
    for step in steps:
        phase = phase_of(step["kind"], way)
        spent[phase] += float(step["seconds"])
        if phase in ("rewrite", "swap", "copy") and step["rows"]:
            counted[phase] = max(counted.get(phase, 0.0), float(step["rows"]))
    spent["open"] += max(0.0, seconds - sum(float(step["seconds"]) for step in steps))
    width = size / staged if staged else 0.0
    found = {phase: Sample(staged, size, took) for phase, took in spent.items()}
    found["open"] = Sample(0.0, 0.0, spent["open"])
    found["move"] = Sample(
        sum(float(step["rows"] or 0) for step in moves), sum(float(step["bytes"] or 0) for step in moves), spent["move"]
    )
    if "find" in spent:  # the partitions are found in the delta, which was moved first
        found["find"] = Sample(float(moves[0]["rows"] or 0), float(moves[0]["bytes"] or 0), spent["find"])
    if "copy" not in counted:  # not every engine tells how many rows a copied table has
        found.pop("copy", None)
    for phase, rows in counted.items():
        found[phase] = Sample(rows, 0.0 if phase == "swap" else rows * width, spent[phase])
    return found


def fit(samples: Iterable[Sample]) -> Rate:
    """The rate with the least error; parts that would be negative are left out."""
    given = list(samples)
    best: tuple[float, tuple[float, float, float]] | None = None
    for chosen in chain.from_iterable(combinations(range(3), count) for count in range(1, 4)):
        solved = _solve(given, chosen)
        if solved is None or min(solved) < 0:
            continue
        parts = tuple(solved[chosen.index(at)] if at in chosen else 0.0 for at in range(3))
        error = sum(_error(each, parts) for each in given)
        if best is None or error < best[0] - 1e-12:
            best = (error, (parts[0], parts[1], parts[2]))
    return Rate() if best is None else Rate(fixed=best[1][0], row=best[1][1], byte=best[1][2])


def _error(sample: Sample, parts: Sequence[float]) -> float:
    off = parts[0] + parts[1] * sample.rows + parts[2] * sample.bytes - sample.seconds
    return float(off**2 / max(sample.seconds, _LEAST))


def _solve(samples: Sequence[Sample], chosen: Sequence[int]) -> list[float] | None:
    """Normal equations of the chosen parts, by elimination; None when they have no single answer."""
    rows = []
    for each in samples:
        weight = max(each.seconds, _LEAST) ** -0.5
        values = (1.0, each.rows, each.bytes)
        rows.append(([values[at] * weight for at in chosen], each.seconds * weight))
    size = len(chosen)
    system = [
        [sum(row[i] * row[j] for row, _ in rows) for j in range(size)] + [sum(row[i] * said for row, said in rows)]
        for i in range(size)
    ]
    for at in range(size):
        pivot = max(range(at, size), key=lambda row: abs(system[row][at]))
        system[at], system[pivot] = system[pivot], system[at]
        if abs(system[at][at]) <= 1e-9 * max(1e-30, *(abs(cell) for cell in system[at])):
            return None
        for other in range(size):
            if other != at:
                factor = system[other][at] / system[at][at]
                system[other] = [a - factor * b for a, b in zip(system[other], system[at], strict=True)]
    return [system[at][size] / system[at][at] for at in range(size)]
