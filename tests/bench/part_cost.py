"""Whether the cost model puts the ways of ten workloads in the right order: pairs whose times differ by more than a fifth."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from statistics import median

from dpone_compiler.cost.constants import MEASURED
from dpone_compiler.cost.estimate import estimate
from dpone_compiler.cost.work import WORK
from dpone_compiler.cost.workload import Workload as Shape
from dpone_compiler.cost.workload import touched_share
from tests.bench.cost_lab import CostLab, Measured
from tests.bench.measure import Line
from tests.bench.workloads import BLIND, HELD_OUT, OTHERS, WORKLOADS, Way, Workload

# Seconds for all workloads: each takes the rounds that its part of them has room for, and one at least.
_BUDGET, _ROUNDS = 420, 3
RESULT = Path("build") / "bench-cost.json"
_DIFFERS, _RIGHT = 1.2, 0.8
# Bytes of a row besides its text column, in the forms that the transfer counts.
_OTHER_BYTES = 45


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """Up to three rounds a way (one when quick), the model's order beside them."""
    found: list[Measured] = []
    began = time.monotonic()
    with ExitStack() as stack:
        lab = CostLab(scratch, stack)
        for number, workload in enumerate(WORKLOADS, start=1):
            until = began + _BUDGET * number / len(WORKLOADS)
            found += lab.measure(workload, 1 if quick else _ROUNDS, until)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(
        json.dumps([{"seconds": m.seconds, **_key(m), "steps": m.steps} for m in found]), encoding="utf-8"
    )
    yield from judge(times(found))


def _key(measured: Measured) -> dict[str, str]:
    return {"workload": measured.workload, "strategy": measured.strategy, "policy": measured.policy}


def times(found: Sequence[Measured]) -> dict[str, dict[Way, float]]:
    """Workload -> way -> the median of its rounds."""
    rounds: dict[str, dict[Way, list[float]]] = {}
    for each in found:
        rounds.setdefault(each.workload, {}).setdefault((each.strategy, each.policy), []).append(each.seconds)
    return {name: {way: median(taken) for way, taken in ways.items()} for name, ways in rounds.items()}


def judge(measured: Mapping[str, Mapping[Way, float]]) -> Iterator[Line]:
    """A line a workload, and one for each half with its limit."""
    halves: dict[str, list[bool]] = {"fitted": [], "held out": [], "blind": []}
    for workload in WORKLOADS:
        if workload.sink not in MEASURED or workload.name not in measured:
            yield Line("cost", f"{workload.name}: no constants to order it by", 0, "pairs")
            continue
        taken = {way: took for way, took in measured[workload.name].items() if way not in OTHERS[workload.sink]}
        verdicts = dict(_pairs(workload, taken))
        halves["held out" if workload.name in HELD_OUT else "fitted"] += verdicts.values()
        halves["blind"] += verdicts.values() if workload in BLIND else ()
        wrong = "; ".join(
            f"{_name(a)} {taken[a]:.2f} s, {_name(b)} {taken[b]:.2f} s" for (a, b), ok in verdicts.items() if not ok
        )
        note = f"of {len(verdicts)}" + (f"; wrong: {wrong}" if wrong else "")
        yield Line("cost", f"{workload.name}: pairs in the right order", sum(verdicts.values()), "pairs", note=note)
    for half, right in (*halves.items(), ("all", [*halves["fitted"], *halves["held out"]])):
        share = sum(right) / max(1, len(right))
        yield Line(
            "cost", f"pairs in the right order, {half}", share, "", _RIGHT, at_least=True, note=f"of {len(right)}"
        )


def _pairs(workload: Workload, taken: Mapping[Way, float]) -> Iterator[tuple[tuple[Way, Way], bool]]:
    said = {way: predicted(workload, way) for way in taken}
    for one, other in combinations(taken, 2):
        if max(taken[one], taken[other]) > _DIFFERS * min(taken[one], taken[other]):
            yield (one, other), (taken[one] < taken[other]) == (said[one] < said[other])


def predicted(workload: Workload, way: Way) -> float:
    """The model's seconds, knowing what a manifest and a catalog would tell: it takes changed rows to lie together."""
    shape = Shape(
        rows=workload.rows,
        width=workload.width + _OTHER_BYTES,
        changed=workload.changed,
        partitions=workload.partitions,
        touched=touched_share(workload.changed, workload.partitions),
    )
    seconds = estimate(shape, MEASURED[workload.sink], way, WORK[workload.sink][way]).seconds
    assert seconds is not None
    return seconds


def _name(way: Way) -> str:
    return " by ".join(part for part in way if part)
