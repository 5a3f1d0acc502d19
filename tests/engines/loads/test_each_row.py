"""One row is enough: a gate that lets the first wrong row pass, or a digest that does not see a NULL, is no proof."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.test_interrupted import LOADS
from tests.engines.loads.world import World, on

KEYED = ("merge", "partitions")


@on("pg18", "chdb")
@pytest.mark.parametrize("load", KEYED)
@pytest.mark.parametrize("wrong", ["null", "twice"])
def test_one_key_that_is_no_key(world: World, load: str, wrong: str) -> None:
    world.orders(key="", order_by="tuple()")
    world.insert(order(1), order(None if wrong == "null" else 1, "x"))
    mode, given = LOADS[load]
    said = world.load(mode, **given).fails("DP503" if wrong == "null" else "DP504").message
    assert "1" in said
    world.same([])


_NO_CURSOR: dict[str, tuple[str, dict[str, Any]]] = {
    "merge": ("incremental_merge", {"key": ["id"]}),
    "partitions": ("partition_replace", {"key": ["id"], "partition": {"column": "day", "by": "month", "nulls": "own"}}),
    "full": ("full_refresh", {}),
}


@on("pg18", "chdb")
@pytest.mark.parametrize("load", _NO_CURSOR)
def test_null_is_proved_as_any_value_is(world: World, load: str) -> None:
    """In each column that may hold it; the digests of source, staging and target agree."""
    world.orders(day="" if load != "merge" else "NOT NULL", at="", order_by="id")
    world.source("ALTER TABLE orders ALTER amount DROP NOT NULL")
    nullable = "MODIFY COLUMN amount Nullable(Decimal(18,2))" if world.sink.clickhouse else "ALTER amount DROP NOT NULL"
    world.target(f"ALTER TABLE orders_copy {nullable}")
    world.insert(order(1), order(2, None, at=None), order(3, None, None if load != "merge" else "2026-01-01"))
    world.source("UPDATE orders SET amount = NULL WHERE id > 1")
    mode, given = _NO_CURSOR[load]
    world.load(mode, **given).run()
    assert world.answer("SELECT count(*) FROM orders_copy WHERE amount IS NULL AND note IS NULL") == "2"


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_null_beside_other_columns_is_proved(world: World, load: str) -> None:
    world.orders()
    world.insert(order(1), order(2, None))
    mode, given = LOADS[load]
    world.load(mode, reconcile="content", **given).run()
    world.source("UPDATE orders SET note = NULL, at = clock_timestamp() WHERE id = 1")
    world.insert(order(3, "", at=world.now()))
    world.run()
    assert {(row.id, row.note) for row in world.rows()} >= {(1, None), (2, None), (3, "")}


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
def test_values_that_the_target_cannot_hold_are_named(world: World, load: str) -> None:
    world.orders()
    world.insert(order(1, day="1970-01-01"), order(2, day="2149-06-06"))
    mode, given = LOADS[load]
    world.load(mode, **given).run()
    said = 'values that the target cannot hold: column "{}": {} values ({}); policy fail'
    world.insert(order(3, at=world.now()))
    world.source("UPDATE orders SET amount = 'NaN' WHERE id = 3")
    assert world.fails("DP524").message == said.format("amount", 1, "NaN")
    world.state("abort", run_id=world.state("show")["run_id"])
    world.source("UPDATE orders SET amount = 3, day = '1969-12-31' WHERE id = 3")
    world.insert(order(4, day="2149-06-07", at=world.now()))
    dates = "dates outside of 1970-01-01 to 2149-06-06 (and infinity)"
    assert world.fails("DP524").message == said.format("day", 2, dates)
