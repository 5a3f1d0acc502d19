"""The batch controller: its rules, its bounds, and nothing outside of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.strategy_intelligence import AdaptiveBatchController, BatchObservation


def controller() -> AdaptiveBatchController:
    return AdaptiveBatchController(initial_batch_size=50000, min_batch_size=10000, max_batch_size=200000)


def test_the_example_of_the_document() -> None:
    adjustment = controller().observe(BatchObservation(rows=50000, duration_seconds=1.0, target_backpressure=0.05))
    assert (adjustment.previous_batch_size, adjustment.next_batch_size, adjustment.reason) == (50000, 75000, "healthy")
    assert adjustment.rows_per_second == 50000


@pytest.mark.parametrize(
    ("rows", "seconds", "pressure", "size", "reason"),
    [
        (50000, 1.0, 0.75, 25000, "backpressure"),
        (50000, 1.0, 0.74, 50000, "steady"),
        (50000, 1.0, 0.2, 75000, "healthy"),
        (50000, 1.0, 0.21, 50000, "steady"),
        (37499, 1.0, 0.0, 50000, "steady"),
        (37500, 1.0, 0.0, 75000, "healthy"),
        (0, 0.0, 0.0, 50000, "steady"),
        (50000, 0.0, 0.0, 75000, "healthy"),
    ],
)
def test_each_rule_at_its_edge(rows: int, seconds: float, pressure: float, size: int, reason: str) -> None:
    adjustment = controller().observe(BatchObservation(rows, seconds, pressure))
    assert (adjustment.next_batch_size, adjustment.reason) == (size, reason)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 100), st.floats(0, 1)), max_size=40))
def test_the_bounds_always_hold(seen: list[tuple[int, float, float]]) -> None:
    each = controller()
    for rows, seconds, pressure in seen:
        assert 10000 <= each.observe(BatchObservation(rows, seconds, pressure)).next_batch_size <= 200000


def test_a_target_under_pressure_ends_at_the_minimum_and_recovers() -> None:
    each = controller()
    for _ in range(10):
        last = each.observe(BatchObservation(1000, 1.0, 0.9))
    assert (each.batch_size, last.reason) == (10000, "bounded")
    for _ in range(20):
        each.observe(BatchObservation(each.batch_size, 1.0, 0.0))
    assert each.batch_size == 200000


@pytest.mark.parametrize("bounds", [(1, 2, 3), (10, 0, 20), (30, 10, 20)])
def test_bounds_that_are_none_are_refused(bounds: tuple[int, int, int]) -> None:
    initial, lowest, highest = bounds
    with pytest.raises(ValueError, match="does not hold"):
        AdaptiveBatchController(initial_batch_size=initial, min_batch_size=lowest, max_batch_size=highest)


@pytest.mark.parametrize(
    "seen", [(-1, 1.0, 0.0), (1, -1.0, 0.0), (1, float("nan"), 0.0), (1, 1.0, 1.1), (1, 1.0, -0.1)]
)
def test_an_observation_that_cannot_be_is_refused(seen: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match="no such batch"):
        BatchObservation(*seen)
