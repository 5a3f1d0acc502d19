"""Fitting: constants that made the samples are found again, nothing is negative, and bad input fits nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.cost.calibrate import calibrated
from dpone_compiler.cost.codec import decode_costs, encode_costs
from dpone_compiler.cost.constants import MEASURED
from dpone_compiler.cost.estimate import Rate
from dpone_compiler.cost.fit import Sample, fit

PARTS = st.floats(0.0, 1.0)


@given(PARTS, PARTS, PARTS)
def test_the_constants_are_found_again(fixed: float, row: float, byte: float) -> None:
    made = Rate(fixed=0.05 + fixed, row=row * 1e-5, byte=byte * 1e-8)
    sizes = [(1e3, 1e5), (1e4, 4e5), (5e4, 5e7), (1e5, 4e6), (3e5, 1e8)]
    found = fit([Sample(rows, size, made.seconds(rows, size)) for rows, size in sizes])
    for rows, size in sizes:
        assert found.seconds(rows, size) == pytest.approx(made.seconds(rows, size), rel=0.02)
    assert min(found.fixed, found.row, found.byte) >= 0


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e8), st.floats(0, 100)), max_size=8))
def test_no_part_is_ever_negative(given_: list[tuple[float, float, float]]) -> None:
    found = fit([Sample(*each) for each in given_])
    assert min(found.fixed, found.row, found.byte) >= 0


def receipt(
    rows: int, *, status: str = "done", strategy: str = "incremental_merge", policy: str = "upsert"
) -> dict[str, Any]:
    """A run that took a microsecond a row in each phase, and a tenth of a second at all."""
    steps = [
        {"step": "transfer-rows", "kind": "transfer", "rows": rows, "bytes": rows * 100, "seconds": rows * 1e-6},
        {"step": "reconcile", "kind": "reconcile", "rows": None, "bytes": 0, "seconds": rows * 1e-6},
        {"step": "insert-staged", "kind": "insert_staged", "rows": None, "bytes": 0, "seconds": rows * 1e-6},
    ]
    return {
        "target": {"engine": "postgres"},
        "plan": {"strategy": strategy, "merge_policy": policy},
        "outcome": {"status": status, "seconds": 0.1 + rows * 3e-6},
        "steps": steps,
    }


def test_receipts_give_the_rates_of_their_phases() -> None:
    found = calibrated([receipt(rows) for rows in (10_000, 100_000, 400_000)])
    rates = found.constants["postgres"]
    assert set(rates) == {"open", "move", "prove", "upsert"}
    assert rates["open"].fixed == pytest.approx(0.1)
    assert rates["upsert"].seconds(100_000, 1e7) == pytest.approx(0.1, rel=0.02)
    assert found.runs == {"postgres": 3}


def test_what_is_no_finished_known_load_is_passed_over() -> None:
    still = {**receipt(1000), "steps": []}
    bad = [receipt(1000, status="stopped"), receipt(1000, strategy="cdc_apply"), {}, {"target": None}, still]
    found = calibrated([*bad, receipt(1000)], fewest=2)
    assert (found.constants, found.runs) == ({}, {})
    assert found.passed_over == (
        "5 receipts are of no finished load that the model knows",
        "postgres: 1 runs, and 2 are needed",
    )


def test_ways_that_are_measured_nowhere_are_fitted_too() -> None:
    """`dponec calibrate` is how captured changes and SQL Server come by a time."""
    steps = [
        {**step, "kind": "collapse_changes" if step["kind"] == "insert_staged" else step["kind"]}
        for step in receipt(1000)["steps"]
    ]
    told = {
        **receipt(1000, strategy="cdc_apply", policy="update_insert"),
        "steps": steps,
        "target": {"engine": "mssql"},
    }
    assert set(calibrated([told]).constants["mssql"]) == {"open", "move", "prove", "apply_update"}


def test_a_file_is_read_back_and_a_wrong_one_is_refused() -> None:
    text = json.dumps(encode_costs(MEASURED, {"postgres": 1}))
    read = decode_costs(text)
    assert (read.by_sink, read.origin("postgres")) == (MEASURED, "constants of --costs, fitted to 1 runs")
    for wrong in (
        "[]",
        "{}",
        '{"format": "dponec.costs/1"}',
        text.replace('"fixed"', '"fxed"'),
        text.replace("0.", "-0."),
    ):
        with pytest.raises(ValueError, match=r"."):
            decode_costs(wrong)
