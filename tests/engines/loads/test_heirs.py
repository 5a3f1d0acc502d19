"""A target that other tables inherit from: their rows are its rows, and no unique index of it sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

MERGE: dict[str, Any] = {"key": ["id"], "source": {"cursor": CURSOR}}


def _family(world: World) -> None:
    """The first order stands in the child, with a value that only the child has."""
    world.orders()
    world.target("ALTER TABLE orders_copy ADD PRIMARY KEY (id)")
    world.target("CREATE TABLE older (hand text) INHERITS (orders_copy)")
    world.insert(order(1, "v1"), order(2, "v1"))


def _aged(world: World) -> None:
    """The first order moves to the child, and changes at the source."""
    world.target(
        "WITH old AS (DELETE FROM ONLY orders_copy WHERE id = 1 RETURNING *) INSERT INTO older SELECT *, 'x' FROM old"
    )
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")


@on("pg18", "pg15")
def test_a_key_that_a_child_holds_is_changed_there(world: World) -> None:
    _family(world)
    assert "older: a key that is there decides no conflict" in world.refuses(
        "DP231", "incremental_merge", **MERGE, merge_policy="upsert"
    )
    world.load("incremental_merge", **MERGE).run()
    _aged(world)
    world.run()
    world.same(world.source_rows())
    assert world.asked("SELECT id, hand FROM older") == [(1, "x")]


@on("pg18", "pg15")
@pytest.mark.parametrize("level", ["counts", "content"])
def test_a_child_that_came_after_the_compile_stops_an_upsert(world: World, level: str) -> None:
    world.orders()
    world.target("ALTER TABLE orders_copy ADD PRIMARY KEY (id)")
    world.insert(order(1, "v1"), order(2, "v1"))
    world.load("incremental_merge", **MERGE, merge_policy="upsert", reconcile=level).run()
    world.target("CREATE TABLE older (hand text) INHERITS (orders_copy)")
    _aged(world)
    before = world.rows()
    assert "table older inherits from it now" in world.fails("DP420").message
    world.same(before)


@on("pg18", "pg15")
def test_a_child_that_came_while_the_load_ran_is_seen_by_the_proof(world: World) -> None:
    world.orders()
    world.target("ALTER TABLE orders_copy ADD PRIMARY KEY (id)")
    world.insert(order(1, "v1"), order(2, "v1"))
    world.load("incremental_merge", **MERGE, merge_policy="upsert", reconcile="content").run()

    def born() -> None:
        world.target("CREATE TABLE older (hand text) INHERITS (orders_copy)")
        world.target(
            "WITH old AS (DELETE FROM ONLY orders_copy WHERE id = 1 RETURNING *) INSERT INTO older SELECT *, 'x' FROM old"
        )

    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    before = world.rows()
    world.fails("DP510", faults=When("before:fence-finalize", born))
    world.same(before)
