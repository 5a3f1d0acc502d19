"""Loads through a pooler: who holds a lease cannot be looked at, and what a session sets must hold in every transaction."""

from __future__ import annotations

from contextlib import closing

from dpone_compiler.runtime.connections import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from tests.engines.loads.model import order
from tests.engines.loads.test_two_runs import paused
from tests.engines.loads.world import CURSOR, World, on
from tests.engines.pooler import pooled


def _ready(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")


@on("pg18", "pg15")
def test_a_living_run_keeps_its_lease(world: World) -> None:
    _ready(world)
    with pooled(world.target_url) as url:
        direct, world.target_url = world.target_url, url
        first, pause = paused(world, "before:fence-finalize")
        try:
            world.fails("DP413")
        finally:
            pause.go.set()
        assert first.ends().exit_code == 0
        world.run()
        world.target_url = direct
    world.same(world.source_rows())


@on("pg18")
def test_a_pool_for_transactions_is_refused(world: World) -> None:
    _ready(world)
    before = world.rows()
    with pooled(world.target_url, servers=2) as url:
        direct, world.target_url = world.target_url, url
        world.fails("DP608")
        world.target_url = direct
    world.same(before)
    with pooled(world.source_url, servers=2) as url:
        direct, world.source_url = world.source_url, url
        world.fails("DP608")
        world.source_url = direct
    world.same(before)
    world.run()
    world.same(world.source_rows())


@on("pg18")
def test_a_holder_is_named_where_nothing_stands_between(world: World) -> None:
    world.orders()
    with closing(open_session(parse_url("dst", world.target_url))) as session:
        asked = session.run("SELECT pg_backend_pid()", {}).rows[0][0]
        assert session.backend_pid == asked  # type: ignore[attr-defined]
    with pooled(world.target_url) as url, closing(open_session(parse_url("dst", url))) as session:
        assert session.backend_pid == ""  # type: ignore[attr-defined]
        session.begin()
        session.commit()
