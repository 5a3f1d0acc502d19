"""A load's name is kept and its tables are not: its state speaks of the old ones, and nothing may go on from there unasked."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.engines.loads import test_backfill
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

EVERY = on("pg18", "pg15", "chdb", "ch18")


def orders(world: World) -> None:
    """Two orders in the source and an empty target."""
    world.orders()
    world.insert(order(1, at="2026-01-01"), order(2, at="2026-02-01"))


def merging(world: World, cursor: object = CURSOR) -> World:
    partition = {"column": "day", "by": "month"}
    return world.load("incremental_merge", key=["id"], source={"cursor": cursor}, partition=partition)


def another_target(world: World) -> None:
    """An empty table of the same definition, and the manifest points at it from now on."""
    like = "AS orders_copy" if world.sink.clickhouse else "(LIKE orders_copy INCLUDING ALL)"
    world.target(f"CREATE TABLE orders_other {like}")
    world.table = (world.table[0], "orders_other")


def held(world: World) -> int:
    return int(world.answer("SELECT count(*) FROM orders_other"))


@EVERY
def test_another_target_does_not_go_on_from_the_old_watermark(world: World) -> None:
    orders(world)
    merging(world).run()
    before = world.state("show")
    another_target(world)
    refused = merging(world).fails("DP448")
    assert (refused.exit_code, refused.next.startswith("dponec state show orders")) == (1, True)
    assert (held(world), world.state("show")) == (0, before)
    assert (before["target"].endswith('."orders_copy"'), before["source"]) == (True, '"public"."orders" by "at"')
    assert world.state("adopt", watermark="")["watermark"] == ""  # that of another table is not kept
    world.run()
    assert held(world) == 2
    world.table = (world.table[0], "orders_copy")
    merging(world).fails("DP448")
    world.same(world.source_rows())


@EVERY
def test_a_renamed_target_goes_on_where_it_is_told_to(world: World) -> None:
    orders(world)
    merging(world).run()
    mark = world.state("show")["watermark"]
    world.target(
        "RENAME TABLE orders_copy TO orders_other"
        if world.sink.clickhouse
        else "ALTER TABLE orders_copy RENAME TO orders_other"
    )
    world.table = (world.table[0], "orders_other")
    merging(world).fails("DP448")
    assert world.state("adopt", watermark=mark)["watermark"] == mark
    world.source("UPDATE orders SET note = 'behind the watermark' WHERE id = 1")
    world.insert(order(3, at=world.now()))
    world.run()
    assert held(world) == 3
    assert world.answer("SELECT count(*) FROM orders_other WHERE note = 'behind the watermark'") == "0"


@EVERY
@pytest.mark.parametrize("change", ["table", "cursor"])
def test_another_source_or_cursor_does_not_go_on_from_the_old_watermark(world: World, change: str) -> None:
    orders(world)
    merging(world).run()
    if change == "table":
        world.source("CREATE TABLE orders_b (LIKE orders INCLUDING ALL)")
        world.source_table = ("public", "orders_b")
        merging(world)
    else:
        merging(world, {"column": "day", "lag": 0})
    world.fails("DP448")
    world.same(world.source_rows())


@EVERY
def test_a_full_refresh_does_not_empty_another_table(world: World) -> None:
    orders(world)
    world.load("full_refresh").run()
    another_target(world)
    world.target("INSERT INTO orders_other SELECT * FROM orders_copy")
    world.source("DELETE FROM orders")
    world.load("full_refresh").fails("DP448")
    assert held(world) == 2


@EVERY
def test_another_strategy_into_the_same_target_goes_on(world: World) -> None:
    """Without a watermark the source is not asked: a full refresh reads it whole, whichever it is."""
    orders(world)
    world.load("full_refresh").run()
    merging(world).run()
    world.source("CREATE TABLE orders_b (LIKE orders INCLUDING ALL)")
    world.source("INSERT INTO orders_b SELECT * FROM orders WHERE id = 1")
    world.source_table = ("public", "orders_b")
    world.load("full_refresh").run()
    world.same(row for row in world.source_rows() if row.id == 1)


@on("pg18", "chdb")
def test_slices_of_another_target_are_loaded(world: World) -> None:
    world.orders()
    world.insert(*test_backfill.orders())
    test_backfill.filling(world, "replace").run()
    another_target(world)
    test_backfill.filling(world, "replace").fails("DP448")
    world.state("adopt", watermark="")
    world.run()
    assert held(world) == 6


@EVERY
def test_a_state_table_of_an_older_dponec(world: World) -> None:
    orders(world)
    merging(world).run()
    table = "dponec_state" if world.sink.clickhouse else "dponec.dponec_state"
    world.target(f"ALTER TABLE {table} DROP COLUMN target")
    assert "older dponec" in world.fails("DP416").message
    world.target(f"ALTER TABLE {table} ADD COLUMN target {'String' if world.sink.clickhouse else 'text'}")
    world.run()
    assert world.state("show")["target"] != ""


@on("pg18", "pg15", "ch18")
def test_the_script_refuses_it_too(world: World) -> None:
    orders(world)
    merging(world).run()
    another_target(world)
    merging(world)
    environ = {
        **os.environ,
        "DPONE_CONN_SRC": world.source_url,
        "DPONE_CONN_DST": world.target_url,
        "TMPDIR": str(world.folder),
    }
    argv = ["bash", str(world.bundle / "run.sh")]
    done = subprocess.run(argv, env=environ, cwd=world.folder, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "DP448" in done.stderr, held(world)) == (1, True, 0), done.stderr
