"""debug"""
from tests.engines.loads.model import order
from tests.engines.loads.test_incremental_append import appending
from tests.engines.loads.world import World, on, run_clickhouse
import json, glob

@on("chdb")
def test_dbg(world: World) -> None:
    world.orders()
    world.insert(order(1))
    appending(world).run()
    now = world.now()
    world.insert(order(2, at=now))
    world.insert_target(order(99, at=now))
    before = run_clickhouse(world.target_url, "SELECT id, at FROM orders_copy FORMAT TSV")
    out = world.outcome()
    if out.exit_code == 0:
        print("NOW", now, "BEFORE", before)
        print(run_clickhouse(world.target_url, "SELECT id, at FROM orders_copy FORMAT TSV"))
        print(run_clickhouse(world.target_url, "SELECT seq, phase, window_low, window_high, rows_staged, digest FROM dponec_state FORMAT TSV"))
        assert 0
