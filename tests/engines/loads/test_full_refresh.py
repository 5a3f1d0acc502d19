"""full_refresh: afterwards the target holds exactly the selected rows."""

from __future__ import annotations

from tests.engines.loads import model
from tests.engines.loads.model import order
from tests.engines.loads.world import EVERYWHERE, World, on

MONTHLY = {"partition": {"column": "day", "by": "month"}}


@on(*EVERYWHERE)
def test_first_load_again_and_changes(world: World) -> None:
    world.orders()
    world.insert(order(1, "a\tb\nc\\"), order(2, None, "2026-02-01"), order(3, "", "2026-03-01"))
    world.load("full_refresh").run()
    world.same(model.full_refresh(world.source_rows()))
    world.run()
    world.same(model.full_refresh(world.source_rows()))
    world.source("DELETE FROM orders WHERE id = 1; UPDATE orders SET day = '2026-04-01' WHERE id = 2")
    world.insert(order(4, "ünï ✓", "2026-05-01"))
    world.run()
    world.same(model.full_refresh(world.source_rows()))
