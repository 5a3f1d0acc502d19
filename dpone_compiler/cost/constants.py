"""Measured constants by sink, in seconds: `Rate(fixed, row, byte)` a phase. A sink that is not here has no time estimates.

Where they come from: `python -m tests.bench cost` on two shared cores (2026-11-25), Postgres 18 and chDB 26.9 on the same machine as the
source, Postgres without fsync; fitted by `cost/fit.py` to the five workloads of tests/bench/workloads.py that are not held out.
docs/reference/cost-model.md has the measurements, and how well the held-out ones are put in order. `dponec calibrate` fits them anew
from the receipts of your own runs; the absolute seconds are those of that machine, the order of the ways is what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.cost.estimate import Rate, Rates

MEASURED: Mapping[str, Rates] = {
    "postgres": {
        "delete": Rate(fixed=0.008863, row=1.22e-06, byte=0),
        "find": Rate(fixed=0, row=1.29e-05, byte=0),
        "insert": Rate(fixed=0.01238, row=8.74e-06, byte=0),
        "match": Rate(fixed=0.02021, row=5.16e-06, byte=2.96e-08),
        "move": Rate(fixed=0.009524, row=3.2e-06, byte=0),
        "open": Rate(fixed=0.2517, row=0, byte=0),
        "prove": Rate(fixed=0.02446, row=2.45e-06, byte=0),
        "update": Rate(fixed=0.04084, row=2.2e-05, byte=1.15e-07),
        "upsert": Rate(fixed=0, row=2.17e-05, byte=0),
    },
    "clickhouse": {
        "find": Rate(fixed=0.02393, row=0, byte=0),
        "insert": Rate(fixed=0, row=0, byte=1.66e-07),
        "match": Rate(fixed=3.797, row=0, byte=0),
        "move": Rate(fixed=0.02038, row=3.45e-06, byte=1.28e-08),
        "open": Rate(fixed=0.4387, row=0, byte=0),
        "prove": Rate(fixed=0.192, row=5.11e-06, byte=0),
        "rewrite": Rate(fixed=0.08715, row=0, byte=0),
        "swap": Rate(fixed=0.02853, row=0.00952, byte=0),
    },
}
