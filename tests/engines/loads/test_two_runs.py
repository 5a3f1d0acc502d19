"""Two runs on one target, in one process: who waits, who is refused, and what the watermark may do."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest

from dpone_compiler.runtime.outcome import RunOutcome
from tests.engines.loads.hooks import Pause
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

_MERGE: dict[str, Any] = {"key": ["id"], "source": {"cursor": CURSOR}}


class _Run(threading.Thread):
    """A run of the world's bundle as it is now, beside the test."""

    def __init__(self, world: World, **options: Any) -> None:
        super().__init__(daemon=True)
        self._world, self._options = world, options
        self.outcome: RunOutcome | None = None
        self.start()

    def run(self) -> None:
        self.outcome = self._world.outcome(**self._options)

    def ends(self) -> RunOutcome:
        self.join(60)
        assert self.outcome is not None
        return self.outcome


def paused(world: World, point: str) -> tuple[_Run, Pause]:
    pause = Pause(point)
    return behind(world, pause), pause


def behind(world: World, pause: Pause) -> _Run:
    """A run that has come to its pause."""
    run = _Run(world, faults=pause)
    while not pause.there.wait(0.01):
        assert run.is_alive(), run.outcome
    return run


def _ready(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    world.load("incremental_merge", **_MERGE, sink={"limits": {"lock_timeout": 2}}).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")


@on("pg18", "pg15")
def test_a_second_run_of_the_load_is_refused(world: World) -> None:
    _ready(world)
    first, pause = paused(world, "before:fence-finalize")
    try:
        world.fails("DP413")
    finally:
        pause.go.set()
    assert first.ends().exit_code == 0
    world.same(world.source_rows())


@on("pg18", "pg15")
@pytest.mark.parametrize("point", ["before:fence-stage-rows", "before:fence-prove", "before:fence-finalize"])
def test_a_run_that_lost_its_lease_stops_at_its_next_transaction(world: World, point: str) -> None:
    """The zombie sleeps, its lease is taken over, the other run finishes, the zombie wakes up."""
    _ready(world)
    zombie, pause = paused(world, point)
    try:
        world.target(
            "UPDATE dponec.dponec_state SET lease_until = clock_timestamp() - interval '1 second', lease_backend = NULL"
        )
        world.run()
        world.source("UPDATE orders SET note = 'v3', at = clock_timestamp()")
        world.run()
        expected, state = world.rows(), world.state("show")
    finally:
        pause.go.set()
    assert (zombie.ends().code, zombie.ends().exit_code != 0) == ("DP410", True)
    assert (world.rows(), world.state("show")) == (expected, state)


@on("chdb")
@pytest.mark.parametrize("point", ["before:record-staged", "before:commit-state"])
def test_a_run_with_an_older_token_writes_no_state(world: World, point: str) -> None:
    """ClickHouse has no fence on data; the state rows have one, and staging of the older run is gone."""
    _ready(world)
    zombie, pause = paused(world, point)
    try:
        world.run()
        state = world.state("show")
    finally:
        pause.go.set()
    ended = zombie.ends()
    assert ended.exit_code != 0
    after = world.state("show")
    assert after["watermark"] == state["watermark"]
    assert int(after["fence"]) >= int(state["fence"])


@on("pg18", "pg15")
@pytest.mark.parametrize("policy", ["delete_insert", "update_insert"])
def test_two_loads_into_one_target_change_it_one_after_the_other(world: World, policy: str) -> None:
    """Both bring the same new key: side by side, each would find no row of it and insert its own."""
    world.orders()
    world.insert(order(1, "a"))
    world.load("incremental_merge", name="one", merge_policy=policy, **_MERGE).run()
    one = world.bundle
    world.load("incremental_merge", name="two", merge_policy=policy, **_MERGE)
    world.state("adopt", watermark="")
    two = world.bundle
    world.source("INSERT INTO orders VALUES (7, 7, 'both', '2026-01-01', clock_timestamp())")
    world.bundle = one
    first, pause = paused(world, "before-commit:finalize")
    try:
        world.bundle = two
        second = _Run(world)
        time.sleep(0.7)
        assert second.is_alive(), "the second load did not wait for the first one's transaction"
    finally:
        pause.go.set()
    assert (first.ends().exit_code, second.ends().exit_code) == (0, 0)
    world.same(world.source_rows())


@on("pg18", "pg15")
def test_the_advisory_lock_of_the_target_is_honoured(world: World) -> None:
    """Maintenance of the user's own takes that lock to keep all loads of a target away, whatever they do there."""
    _ready(world)
    before = world.rows()
    with psycopg.connect(world.target_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('dponec:public.orders_copy', 0))")
        world.fails("DP422")
    world.same(before)
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_window_of_the_past_leaves_the_watermark_where_it_is(world: World) -> None:
    world.orders()
    world.insert(order(1, at="2026-01-05"), order(2, at="2026-01-15"))
    world.load("incremental_merge", **_MERGE).run()
    mark = world.state("show")["watermark"]
    world.source("UPDATE orders SET note = 'fixed' WHERE id = 1")
    world.run(window=("2026-01-01 00:00:00+00", "2026-01-10 00:00:00+00"))
    assert world.state("show")["watermark"] == mark
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_window_behind_a_gap_leaves_the_watermark_where_it_is(world: World) -> None:
    """Else the rows of the gap would never be read."""
    world.orders()
    world.insert(order(1, at="2026-01-05"), order(2, at="2026-01-11"), order(3, at="2026-01-15"))
    world.load("incremental_merge", **_MERGE).run(window=("-infinity", "2026-01-10 00:00:00+00"))
    mark = world.state("show")["watermark"]
    world.run(window=("2026-01-12 00:00:00+00", "2026-01-20 00:00:00+00"))
    assert world.state("show")["watermark"] == mark
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_the_watermark_is_the_end_of_the_window(world: World) -> None:
    world.orders()
    world.insert(order(1, at="2026-01-05"))
    world.load("incremental_merge", **_MERGE).run()
    state = world.state("show")
    assert state["watermark"] == state["window_high"] > "2026-11"


@on("pg18", "pg15")
@pytest.mark.parametrize("point", ["before:fence-stage-rows", "before:fence-prove", "before:fence-finalize"])
def test_a_zombie_of_the_run_that_is_resumed_has_an_older_token(world: World, point: str) -> None:
    """Both are the same run by its id, and both are alive: only the token tells them apart."""
    _ready(world)
    zombie, asleep = paused(world, point)
    world.target(
        "UPDATE dponec.dponec_state SET lease_until = clock_timestamp() - interval '1 second', lease_backend = NULL"
    )
    second, pause = paused(
        world, "before-commit:finalize" if point == "before:fence-stage-rows" else "before:fence-finalize"
    )
    try:
        asleep.go.set()
        ended = zombie.ends()
    finally:
        asleep.go.set()
        pause.go.set()
    # With the second one in its transaction the zombie waits for the state row until its patience ends.
    assert ended.code in ("DP410", "DP422"), ended
    assert second.ends().exit_code == 0
    world.same(world.source_rows())


@on("chdb")
def test_a_run_that_slept_through_two_others_opens_nothing(world: World) -> None:
    _ready(world)
    zombie, pause = paused(world, "before:open-attempt")
    try:
        world.run()
        world.run()
        state = world.state("show")
    finally:
        pause.go.set()
    assert zombie.ends().exit_code != 0
    assert world.state("show") == state
