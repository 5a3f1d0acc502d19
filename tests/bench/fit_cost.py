"""Constants of the cost model from a run of the bench: `python -m tests.bench.fit_cost [build/bench-cost.json] [--beside]`.

Held-out workloads take no part. With `--beside` only phases without a constant are fitted, beside those that have one: what a workload's
known ways took to what the constants say of them is how slow that machine was then, and new phases are divided by it. So the load
on a machine says nothing, and only ratios inside one run count.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dpone_compiler.cost.constants import MEASURED
from dpone_compiler.cost.fit import Sample, fit, samples_of
from dpone_compiler.cost.work import WORK
from tests.bench.cost_lab import Measured
from tests.bench.part_cost import RESULT, predicted, times
from tests.bench.workloads import HELD_OUT, WORKLOADS, Workload


def main() -> None:
    """Print the constants."""
    words = [word for word in sys.argv[1:] if word != "--beside"]
    told = json.loads(Path(words[0] if words else RESULT).read_text(encoding="utf-8"))
    found = [Measured(**each) for each in told]
    for sink, samples in fitted(found, beside="--beside" in sys.argv).items():
        print(f'    "{sink}": {{')
        for phase, each in sorted(samples.items()):
            rate = fit(each)
            print(f'        "{phase}": Rate(fixed={rate.fixed:.4g}, row={rate.row:.3g}, byte={rate.byte:.3g}),')
        print("    },")


def fitted(found: Iterable[Measured], *, beside: bool) -> Mapping[str, Mapping[str, list[Sample]]]:
    """Samples by sink and phase, of the workloads that are not held out."""
    listed = list(found)
    by_name = {each.name: each for each in WORKLOADS}
    slow = {name: slowness(by_name[name], taken) for name, taken in times(listed).items()} if beside else {}
    samples: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for each in listed:
        sink = by_name[each.workload].sink
        if each.workload in HELD_OUT:
            continue
        steps = [_counted(step, by_name[each.workload]) for step in each.steps]
        for phase, sample in samples_of(steps, (each.strategy, each.policy), each.seconds).items():
            if not beside:
                samples[sink][phase].append(sample)
            elif phase not in MEASURED[sink]:
                samples[sink][phase].append(replace(sample, seconds=sample.seconds / slow[each.workload]))
    return samples


def _counted(step: Mapping[str, Any], workload: Workload) -> Mapping[str, Any]:
    """With the rows of a copied table, where the engine does not tell them."""
    return {**step, "rows": workload.rows} if step["kind"] == "build_shadow" and step["rows"] is None else step


def slowness(workload: Workload, taken: Mapping[tuple[str, str], float]) -> float:
    """How much longer the ways with constants took than these say."""
    rates = MEASURED[workload.sink]
    known = [way for way in taken if set(WORK[workload.sink][way].phases) <= rates.keys()]
    return sum(taken[way] for way in known) / sum(predicted(workload, way) for way in known)


if __name__ == "__main__":
    main()
