"""Measured constants by sink, in seconds: `Rate(fixed, row, byte)` a phase. A sink that is not here has no time estimates.

Where they come from: `python -m tests.bench cost` on two shared cores (2026-11-25), Postgres 18 without fsync and chDB 26.9 on the machine
of the source; fitted by `cost/fit.py` to the workloads of tests/bench/workloads.py that are not held out. `compare`, `copy`, `versions`,
`insert_versions` and those of `apply_…` came a day later from a busy machine, as ratios to the others inside one run
(`tests.bench.fit_cost --beside`).
docs/reference/cost-model.md has the measurements, and how well the held-out ones are put in order. `dponec calibrate` fits them anew
from the receipts of your own runs; the absolute seconds are those of that machine, the order of the ways is what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.cost.estimate import Rate, Rates
from dpone_compiler.source.value import value


@value(kw_only=True)
class Constants:
    """Rates by sink, and where those of a sink come from, in words."""

    by_sink: Mapping[str, Rates]
    told: Mapping[str, str]

    def origin(self, sink: str) -> str:
        """The sentence; '' for a sink without rates."""
        return self.told.get(sink, "")

    def under(self, other: Constants) -> Constants:
        """The other's where it has a sink, else these."""
        return Constants(by_sink={**self.by_sink, **other.by_sink}, told={**self.told, **other.told})


MEASURED: Mapping[str, Rates] = {
    "postgres": {
        "apply_match": Rate(fixed=0.05624, row=1.74e-05, byte=0),
        "apply_update": Rate(fixed=0.1508, row=2.42e-05, byte=0),
        "compare": Rate(fixed=0.3567, row=5.99e-06, byte=0),
        "copy": Rate(fixed=0.9867, row=6.52e-06, byte=0),
        "delete": Rate(fixed=0.01382, row=1.29e-06, byte=0),
        "find": Rate(fixed=0, row=1.29e-05, byte=0),
        "insert": Rate(fixed=0.01981, row=9.17e-06, byte=0),
        "match": Rate(fixed=0.02576, row=5.54e-06, byte=2.13e-08),
        "move": Rate(fixed=0.0113, row=3.37e-06, byte=0),
        "open": Rate(fixed=0.2972, row=0, byte=0),
        "prove": Rate(fixed=0.02861, row=2.59e-06, byte=0),
        "update": Rate(fixed=0.05766, row=2.31e-05, byte=9e-08),
        "upsert": Rate(fixed=0, row=2.18e-05, byte=0),
        "versions": Rate(fixed=0.5332, row=7.2e-05, byte=0),
    },
    "clickhouse": {
        "apply_match": Rate(fixed=6.992, row=0, byte=0),
        "apply_rewrite": Rate(fixed=0.2781, row=1.65e-05, byte=0),
        "compare": Rate(fixed=0.2385, row=0, byte=1.86e-08),
        "copy": Rate(fixed=0, row=0, byte=1.67e-08),
        "find": Rate(fixed=0.04624, row=0, byte=0),
        "insert": Rate(fixed=0.07758, row=0, byte=9.84e-09),
        "insert_versions": Rate(fixed=0.01593, row=4.74e-06, byte=0),
        "match": Rate(fixed=1.8, row=0, byte=0),
        "move": Rate(fixed=0.06484, row=1.59e-05, byte=0),
        "open": Rate(fixed=0.9847, row=0, byte=0),
        "prove": Rate(fixed=0.4613, row=1.83e-05, byte=0),
        "rewrite": Rate(fixed=0.2569, row=1.96e-07, byte=0),
        "swap": Rate(fixed=0.02605, row=0.0538, byte=0),
        "versions": Rate(fixed=0.4041, row=0.000186, byte=0),
    },
}
BUILT_IN = Constants(
    by_sink=MEASURED,
    told=dict.fromkeys(
        MEASURED, "constants of another machine (docs/reference/cost-model.md); `dponec calibrate` fits those of yours"
    ),
)
