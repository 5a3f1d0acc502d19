"""Measured constants by sink, in seconds: `Rate(fixed, row, byte)` a phase. A sink that is not here has no time estimates.

Where they come from: `python -m tests.bench cost` on two shared cores (2026-11-25), Postgres 18 on the machine of the source, without
fsync; fitted by `cost/fit.py` to the workloads of tests/bench/workloads.py that are not held out. docs/reference/cost-model.md has the
measurements, and how well the held-out ones are put in order. `dponec calibrate` fits them anew from the receipts of your own runs; the
absolute seconds are those of that machine, the order of the ways is what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.cost.estimate import Rate, Rates

MEASURED: Mapping[str, Rates] = {
    "postgres": {
        "delete": Rate(fixed=0.01382, row=1.29e-06, byte=0),
        "find": Rate(fixed=0, row=1.29e-05, byte=0),
        "insert": Rate(fixed=0.01981, row=9.17e-06, byte=0),
        "match": Rate(fixed=0.02576, row=5.54e-06, byte=2.13e-08),
        "move": Rate(fixed=0.0113, row=3.37e-06, byte=0),
        "open": Rate(fixed=0.2972, row=0, byte=0),
        "prove": Rate(fixed=0.02861, row=2.59e-06, byte=0),
        "update": Rate(fixed=0.05766, row=2.31e-05, byte=9e-08),
        "upsert": Rate(fixed=0, row=2.18e-05, byte=0),
    },
}
