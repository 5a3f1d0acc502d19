"""Reports about ClickHouse: deduplication, views, exchanges, partitions and restarts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from tests.engine_fixtures import FreshDatabase, run_clickhouse
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, SINKS, World, on
from tests.reports.loads import compiled, dies, dies_after, loaded


@on("chdb")
def test_dlt_3797_staging_has_the_engine_of_the_target(world: World) -> None:
    world.orders(engine="ReplacingMergeTree(at)", partition="")
    world.insert(order(1))
    compiled(world, "full").run()
    dies(world, "before:exchange-tables")
    found = run_clickhouse(
        world.target_url,
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name LIKE 'orders_copy%'",
    ).splitlines()
    assert len(found) == 2
    assert found[0].split(" SETTINGS")[0] == found[1].split(" SETTINGS")[0]


@on("chdb")
def test_dbt_clickhouse_213_the_same_rows_again_after_a_delete(world: World) -> None:
    """The engine would take the second insert for a repetition of the first one and drop it."""
    world.orders()
    world.target("ALTER TABLE orders_copy MODIFY SETTING non_replicated_deduplication_window = 100")
    world.insert(order(1), order(2))
    window = ("2025-01-01 00:00:00+00", "2026-02-01 00:00:00+00")
    compiled(world, "append").run(window=window)
    world.target("ALTER TABLE orders_copy DELETE WHERE 1 SETTINGS mutations_sync = 1")
    world.run(window=window)
    world.same(world.source_rows())


@on("chdb", "ch18")
def test_clickhouse_null_keys_survive_a_rewritten_partition(world: World) -> None:
    """NOT IN drops rows whose key is NULL, so keeping the others needs a branch of its own."""
    world.orders(key="", order_by="tuple()")
    kept = [order(None, "a"), order(None, None), order(5, "b")]
    world.insert_target(*kept)
    world.insert(order(0, "zero"), order(1, "one"))
    compiled(world, "merge")
    world.state("adopt", watermark="")
    world.run()
    world.same([*kept, *world.source_rows()])


@on("chdb")
def test_nango_6122_a_view_on_the_target_is_not_fed_four_times(world: World) -> None:
    """A run that died and was repeated; the compile says what such a view sees of rows that are moved in: nothing."""
    world.orders()
    world.target(
        "CREATE MATERIALIZED VIEW sums ENGINE = SummingMergeTree ORDER BY tuple() AS SELECT toUInt64(count()) AS n FROM orders_copy"
    )
    world.insert(order(1), order(2))
    told = world.compiled("incremental_append", source={"cursor": CURSOR}).diagnostics
    assert any("sees inserted blocks only" in diagnostic.problem.message() for diagnostic in told)
    compiled(world, "append")
    for point in ("before:move-partitions", "before:commit-state"):
        dies(world, point)
    world.run()
    world.same(world.source_rows())
    assert int(run_clickhouse(world.target_url, "SELECT sum(n) FROM sums")) <= 2


@on("chdb")
def test_clickhouse_docs_2394_a_repeated_insert_needs_no_deduplication(world: World) -> None:
    """The source gives its rows in another order the second time."""
    world.orders()
    world.source("INSERT INTO orders SELECT i, i, '', '2026-01-01', '2026-01-01' FROM generate_series(1, 300) i")
    compiled(world, "append")
    dies(world, "after-commit:transfer-rows")
    world.source("CREATE INDEX shuffled ON orders (md5(id::text)); CLUSTER orders USING shuffled")
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_clickhouse_insert_that_fails_in_its_second_block(world: World) -> None:
    """An INSERT … SELECT that failed left a million rows behind; rows go to staging first, so nobody sees a part of them."""
    loaded(world, "merge")
    before = world.rows()
    world.source(
        "INSERT INTO orders SELECT 1000 + i, i, repeat('x', 500), '2026-01-01', clock_timestamp() FROM generate_series(1, 4000) i"
    )
    dies_after(world, "transfer-rows", 1)
    world.same(before)
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_clickhouse_105021_a_view_still_gets_rows_after_the_load(world: World) -> None:
    world.orders()
    world.target("CREATE MATERIALIZED VIEW seen ENGINE = MergeTree ORDER BY id AS SELECT id FROM orders_copy")
    world.insert(order(1), order(2))
    compiled(world, "full").run()
    world.run()
    world.insert_target(order(7))
    assert "7" in run_clickhouse(world.target_url, "SELECT id FROM seen").split()


@on("chdb")
def test_clickhouse_67646_a_reader_during_the_exchange_sees_all_rows(world: World) -> None:
    loaded(world, "full")
    seen: list[str] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                seen.append(run_clickhouse(world.target_url, "SELECT count() FROM orders_copy").strip())
            except RuntimeError as error:
                seen.append(str(error))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for _ in range(4):
        world.run()
    over.set()
    reader.join(30)
    assert set(seen) == {"3"} and len(seen) > 10


@on("chdb")
def test_clickhouse_120988_only_one_table_is_claimed_to_be_atomic(world: World) -> None:
    world.orders()
    compiled(world, "full")
    plan = json.loads((world.bundle / "plan.json").read_text(encoding="utf-8"))
    assert "one EXCHANGE" in plan["contract"]["atomicity"]
    swaps = [path.read_text(encoding="utf-8") for path in world.bundle.glob("steps/*exchange-tables.sql")]
    assert len(swaps) == 1 and swaps[0].count(" AND ") == 1


@on("chdb", "ch18")
@pytest.mark.parametrize("load", ["full", "partitions"])
def test_clickhouse_23727_an_empty_slice_is_refused_unless_asked_for(world: World, load: str) -> None:
    world.orders()
    world.insert(order(1))
    compiled(world, load, source={}).run()
    world.source("DELETE FROM orders")
    world.fails("DP502")
    world.same([order(1)])
    world.state("abort", run_id=world.state("show")["run_id"])
    compiled(world, load, source={}, empty_slice="clear").run()
    world.same([])


@pytest.mark.parametrize(
    ("sink", "start"),
    [
        pytest.param("chdb", start_chdb, id="chdb", marks=pytest.mark.chdb),
        pytest.param("ch18", start_clickhouse_server, id="ch18", marks=pytest.mark.clickhouse_server),
    ],
)
def test_clickhouse_107605_replaced_rows_stay_away_after_a_restart(
    sink: str, start: Callable[[], Engine], pg_wheel_db: FreshDatabase, tmp_path: Path
) -> None:
    """26.9 covers what it replaced; of 18.16 the load waits until it has removed it."""
    with start() as engine:
        run_clickhouse(engine.url, "CREATE DATABASE restarted")
        target = engine.url_for("restarted")
        world = World(sink=SINKS[sink], source_url=pg_wheel_db(), target_url=target, folder=tmp_path)
        loaded(world, "merge")
        world.source("UPDATE orders SET note = 'v2', day = day + 40, at = clock_timestamp()")
        world.run()
        engine.kill()
        engine.restart()
        world.same(world.source_rows())


@on("chdb")
@pytest.mark.parametrize("load", ["merge", "partitions"])
def test_clickhouse_half_of_the_partitions_replaced(world: World, load: str) -> None:
    """One REPLACE a statement: the first stands, the run dies, the next run does the rest and proves all of them."""
    loaded(world, load)
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")
    dies_after(world, "replace-partitions", 1)
    assert {row.note for row in world.rows()} == {"v1", "v2"}
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_clickhouse_80856_a_number_that_the_target_cannot_hold_stops_the_load(world: World) -> None:
    world.orders()
    world.source("INSERT INTO orders VALUES (1, 'NaN', '', '2026-01-01', '2026-01-01')")
    compiled(world, "merge")
    assert world.outcome().exit_code != 0
    world.same([])


@on("chdb")
@pytest.mark.parametrize("day", ["1900-01-01", "2299-12-31", "infinity"])
def test_clickhouse_dates_outside_of_the_type_stop_the_load(world: World, day: str) -> None:
    """Date would make 1970-01-01 or 2149-06-06 of them without a word."""
    world.orders()
    world.source(f"INSERT INTO orders VALUES (1, 1, '', '{day}', '2026-01-01')")
    compiled(world, "merge")
    assert "Date" in (world.bundle / "plan.md").read_text(encoding="utf-8")
    assert world.outcome().exit_code != 0
    world.same([])


@on("chdb")
def test_dbt_clickhouse_740_deletes_do_not_look_into_staging_later(world: World) -> None:
    """A mutation evaluates its subquery when each replica gets to it; here a statement waits until it is done."""
    world.orders()
    world.insert(order(1), order(2))
    compiled(world, "merge", merge_policy="lightweight_delete_insert").run()
    (delete,) = (path.read_text(encoding="utf-8") for path in world.bundle.glob("steps/*delete-matching*.sql"))
    assert "lightweight_deletes_sync = 2" in delete
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")
    world.run()
    world.same(world.source_rows())
