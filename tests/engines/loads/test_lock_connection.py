"""A target without locks, whose lease is kept in a Postgres beside it: here in the source's database.

A world takes no file lock, so each of its runs is as one of another host. tests/faults/test_lock_connection.py does it with processes.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.engines.loads.hooks import PauseAfterItem
from tests.engines.loads.model import order
from tests.engines.loads.test_two_runs import behind, paused
from tests.engines.loads.world import CURSOR, World, on

_MERGE = {"key": ["id"], "source": {"cursor": CURSOR}, "merge_policy": "partition_rewrite"}
_EXPIRED = "UPDATE dponec_leases SET lease_until = clock_timestamp() - interval '1 second', lease_backend = NULL"


def _ready(world: World, name: str = "orders") -> World:
    world.load(
        "incremental_merge",
        name=name,
        partition={"column": "day", "by": "month"},
        sink={"lock_connection": "src"},
        **_MERGE,
    )
    return world


def _loaded(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    _ready(world).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")


def _lease(world: World) -> tuple[object, ...]:
    with psycopg.connect(world.source_url, autocommit=True) as session:
        (row,) = session.execute("SELECT target, fence, lease_owner, lease_backend FROM dponec_leases").fetchall()
    return row


@on("chdb", "ch18")
@pytest.mark.parametrize("point", ["before:read-state", "before:record-staged", "before:commit-state"])
def test_a_run_on_a_second_host_is_refused(world: World, point: str) -> None:
    _loaded(world)
    first, pause = paused(world, point)
    try:
        refused = world.fails("DP413")
    finally:
        pause.go.set()
    assert (refused.step, refused.exit_code, refused.retryable) == ("take-lease", 4, True)
    assert first.ends().exit_code == 0
    world.same(world.source_rows())
    assert _lease(world) == (f"clickhouse dst {world.table[0]}.orders_copy", 2, None, None)


@on("chdb", "ch18")
def test_a_load_of_another_name_is_refused_too(world: World) -> None:
    """The lease is the target's and not the load's."""
    _loaded(world)
    one = world.bundle
    two = _ready(world, "two").bundle
    world.state("adopt", watermark="")
    world.bundle = one
    first, pause = paused(world, "before:record-staged")
    try:
        world.bundle = two
        world.fails("DP413")
    finally:
        pause.go.set()
    assert first.ends().exit_code == 0


@on("chdb", "ch18")
def test_a_run_that_lost_the_lease_stops_before_the_target(world: World) -> None:
    _loaded(world)
    zombie, pause = paused(world, "before:renew-lease")
    try:
        world.source(_EXPIRED)
        world.run()
        world.source("UPDATE orders SET note = 'v3', at = clock_timestamp()")
        world.run()
        expected, state = world.rows(), world.state("show")
    finally:
        pause.go.set()
    ended = zombie.ends()
    assert (ended.code, ended.step, ended.exit_code) == ("DP410", "renew-lease", 5)
    assert (world.rows(), world.state("show")) == (expected, state)


@on("chdb", "ch18")
def test_a_late_statement_of_an_older_run_finds_no_staging(world: World) -> None:
    """What the lease cannot prevent: it was renewed, and the run slept before its next statement."""
    _loaded(world)
    zombie, pause = paused(world, "before:replace-partitions")
    try:
        world.source(_EXPIRED)
        world.run()
        world.source("UPDATE orders SET note = 'v3', at = clock_timestamp()")
        world.run()
        expected = world.rows()
    finally:
        pause.go.set()
    assert zombie.ends().exit_code == 5
    assert world.rows() == expected


@on("chdb", "ch18")
def test_a_late_drop_of_a_partition_takes_what_came_there_since(world: World) -> None:
    """The list was asked for before the run slept, and the statement itself needs no staging; the plan says so."""
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    _ready(world).run()
    world.source("UPDATE orders SET day = '2026-03-01', at = clock_timestamp()")
    pause = PauseAfterItem("drop-emptied-partitions")
    zombie = behind(world, pause)
    try:
        world.source(_EXPIRED)
        world.run()
        world.same(world.source_rows())
        world.insert(order(3, day="2026-02-02", at=world.now()))
        world.run()
        world.same(kept := world.source_rows())
    finally:
        pause.go.set()
    assert zombie.ends().exit_code != 0
    world.same(row for row in kept if row.id != 3)


@on("chdb")
def test_a_late_insert_of_the_run_that_is_gone_on_with_comes_twice(world: World) -> None:
    """What nothing prevents where rows are deleted and inserted one after the other, and what the plan therefore says."""
    world.orders()
    world.insert(order(1), order(2))
    bare = {"merge_policy": "lightweight_delete_insert", "sink": {"lock_connection": "src"}}
    world.load("incremental_merge", **(_MERGE | bare)).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")
    zombie, asleep = paused(world, "before:insert-staged")
    world.source(_EXPIRED)
    owner, proved = paused(world, "before:commit-state")
    asleep.go.set()
    zombie.ends()
    proved.go.set()
    assert owner.ends().exit_code == 0
    assert world.count() == 4
    world.run()  # a load that is repeated deletes both, so the next change of the row mends it
    world.source("UPDATE orders SET note = 'v3', at = clock_timestamp()")
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_a_lease_that_ran_out_and_that_nobody_took_is_renewed(world: World) -> None:
    _loaded(world)
    slow, pause = paused(world, "before:renew-lease")
    world.source(_EXPIRED)
    pause.go.set()
    assert slow.ends().exit_code == 0
    world.same(world.source_rows())


@on("chdb")
def test_a_dry_run_takes_no_lease(world: World) -> None:
    _loaded(world)
    before = _lease(world)
    outcome = world.outcome(dry_run=True)
    assert (outcome.exit_code, outcome.status) == (0, "planned"), outcome
    assert _lease(world) == before
