"""Decimals whose text engines write in several ways: without a fraction, with zeros at the end, negative, nothing at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

AMOUNTS = ("0", "10", "-100", "1000.00", "0.10", "-0.01", "9999999999999999.90")
LOADS: dict[str, dict[str, Any]] = {
    "full_refresh": {"key": ["id"]},
    "incremental_merge": {"key": ["id"], "source": {"cursor": CURSOR}},
    "partition_replace": {
        "key": ["id"],
        "source": {"cursor": CURSOR},
        "partition": {"column": "day", "by": "month"},
    },
}


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("mode", LOADS)
def test_the_digests_of_both_sides_read_them_alike(world: World, mode: str) -> None:
    world.orders()
    world.insert(*(order(number) for number in range(len(AMOUNTS))))
    for number, amount in enumerate(AMOUNTS):
        world.source(f"UPDATE orders SET amount = {amount} WHERE id = {number}")
    world.load(mode, reconcile="content", **LOADS[mode]).run()
    world.same(world.source_rows())
