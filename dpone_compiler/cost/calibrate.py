"""From receipts to constants. A receipt is used when its run is done, moved rows, and was an ordinary way of a known sink."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dpone_compiler.cost.estimate import Rates
from dpone_compiler.cost.fit import Sample, fit, samples_of
from dpone_compiler.cost.volumes import works
from dpone_compiler.source.value import value


@value(kw_only=True)
class Calibrated:
    """Constants by sink, the runs behind each, and why receipts or sinks were passed over."""

    constants: Mapping[str, Rates]
    runs: Mapping[str, int]
    passed_over: tuple[str, ...] = ()


def calibrated(receipts: Sequence[Mapping[str, Any]], *, fewest: int = 1) -> Calibrated:
    """Fit every sink that at least `fewest` receipts are of."""
    phases: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    runs: dict[str, int] = defaultdict(int)
    unused = 0
    for receipt in receipts:
        sink, samples = _read(receipt)
        if not samples:
            unused += 1
            continue
        runs[sink] += 1
        for phase, sample in samples.items():
            phases[sink][phase].append(sample)
    enough = {sink for sink, count in runs.items() if count >= fewest}
    told = [f"{unused} receipts are of no finished load that the model knows"] if unused else []
    told += [f"{sink}: {count} runs, and {fewest} are needed" for sink, count in runs.items() if sink not in enough]
    constants = {sink: {phase: fit(each) for phase, each in phases[sink].items()} for sink in enough}
    return Calibrated(constants=constants, runs={sink: runs[sink] for sink in enough}, passed_over=tuple(told))


def _read(receipt: Mapping[str, Any]) -> tuple[str, dict[str, Sample]]:
    try:
        sink, plan, outcome = receipt["target"]["engine"], receipt["plan"], receipt["outcome"]
        way = (plan["strategy"], plan["merge_policy"] or "")
        if outcome["status"] != "done" or way not in works(sink):
            return "", {}
        return sink, samples_of(receipt["steps"], way, float(outcome["seconds"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return "", {}
