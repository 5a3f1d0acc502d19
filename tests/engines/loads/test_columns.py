"""Columns of the manifest: renamed, cast and computed; a cast is carried out, and an expression arrives as what it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.world import World, on

COLUMNS = [
    "id",
    {"name": "amount", "cast": "numeric(18,0)"},
    {"sql": "id * 2 + 1", "as": "note"},
    {"sql": "coalesce(day, date '2000-01-01')", "as": "day", "cast": "date"},
    "at",
]


@on("pg18", "pg15", "chdb", "ch18")
@pytest.mark.parametrize("level", ["counts", "content"])
def test_a_cast_rounds_and_an_expression_is_text(world: World, level: str) -> None:
    world.orders()
    world.insert(order(1, "lost"), order(-7))
    world.source("UPDATE orders SET amount = 1.55 WHERE id = 1")
    world.load("full_refresh", source={"columns": COLUMNS}, reconcile=level).run()
    world.same([
        order(1, "3")._replace(amount=Decimal("2.00")),
        order(-7, "-13")._replace(amount=Decimal("-7.00")),
    ])  # fmt: skip
