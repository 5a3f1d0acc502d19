"""The loads of these tests, by strategy, and how a test lets a run die and the next one finish it."""

from __future__ import annotations

from typing import Any

import pytest

from dpone_compiler.runtime.faults import Faults
from tests.engines.loads.hooks import Died, death
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World

MONTHLY = {"column": "day", "by": "month"}
LOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "merge": ("incremental_merge", {"key": ["id"], "source": {"cursor": CURSOR}}),
    "append": ("incremental_append", {"source": {"cursor": CURSOR}}),
    "partitions": ("partition_replace", {"key": ["id"], "source": {"cursor": CURSOR}, "partition": MONTHLY}),
    "full": ("full_refresh", {}),
}


def compiled(world: World, load: str, **more: Any) -> World:
    """The load's bundle, set up and not run yet."""
    mode, given = LOADS[load]
    return world.load(mode, **{**given, **more})


def loaded(world: World, load: str, **more: Any) -> World:
    """Three orders in three months, loaded."""
    world.orders()
    world.insert(*(order(number, "v1", f"2026-0{number}-01") for number in (1, 2, 3)))
    compiled(world, load, **more).run()
    return world


def dies(world: World, point: str) -> None:
    """A run that ends at this point."""
    faults = death(point)
    with pytest.raises(Died):
        world.outcome(faults=faults)
    assert faults.landed, point


class AfterRows(Faults):
    """The run ends when a step has passed on this many rows or items."""

    def __init__(self, step: str, rows: int) -> None:
        super().__init__()
        self._step, self._limit = step, rows

    def rows(self, name: str, rows: int) -> None:
        """Die there."""
        if name == self._step and rows >= self._limit:
            raise Died


def dies_after(world: World, step: str, rows: int) -> None:
    """A run that ends inside a step."""
    with pytest.raises(Died):
        world.outcome(faults=AfterRows(step, rows))
