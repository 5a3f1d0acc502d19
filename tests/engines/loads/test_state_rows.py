"""The state table: rows of other loads are neither read nor written, and an attempt keeps what is its own and nothing of the one before."""

from __future__ import annotations

import pytest

from tests.engines.loads.hooks import Died, When, death
from tests.engines.loads.model import order
from tests.engines.loads.test_interrupted import LOADS
from tests.engines.loads.world import World, on

# Rows of loads that come before and behind this one, in the phases of a run; their numbers are nobody's.
_PHASES = ("idle", "open", "staged", "committed", "done")


_COLUMNS = (
    "load, fence, lease_owner, run_id, phase, fingerprint, window_low, window_high, rows_staged, digest, watermark"
)


def _beside(world: World, when: str) -> None:
    for number, phase in enumerate(_PHASES, 1):
        values = (
            f"'{when} {phase}', {number}, 'me', 'r{number}', '{phase}', 'f', '2001-01-01', '2002-01-01', 99, 'd',"
            " '2003-01-01 00:00:00+00'"
        )
        if world.sink.clickhouse:
            seq = 0 if when == "before" else 1000 + number
            world.target(
                f"INSERT INTO dponec_state ({_COLUMNS}, seq, attempt, partitions, committed_run_id, staging_uuid, rewritten)"
                f" SETTINGS async_insert = 0 VALUES ({values}, {seq}, 1, '[]', 'r{number}', 'u', 'r{number}')"
            )
        else:
            world.target(
                f"INSERT INTO dponec.dponec_state ({_COLUMNS}, lease_until) VALUES ({values}, clock_timestamp() + interval '1 hour')"
            )


def _others(world: World) -> list[tuple[object, ...]]:
    table = "dponec_state" if world.sink.clickhouse else "dponec.dponec_state"
    return world.asked(f"SELECT * FROM {table} WHERE load <> 'orders' ORDER BY load")


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_rows_of_other_loads_are_neither_read_nor_written(world: World, load: str) -> None:
    """A first run, one that is interrupted where it is staged, one that finishes it, and one more."""
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    mode, given = LOADS[load]
    world.load(mode, **given)
    _beside(world, "before")
    world.run()
    _beside(world, "behind")
    before = _others(world)
    world.insert(order(3, day="2026-02-02", at=world.now()))
    with pytest.raises(Died):
        world.outcome(faults=death("after-commit:record-staged" if world.sink.clickhouse else "before:fence-finalize"))
    rewrites = [step.id for step in world.opened().doc.steps if step.id == "record-rewrite"]
    for step in rewrites:
        with pytest.raises(Died):
            world.outcome(faults=death(f"after-commit:{step}"))
    world.run()
    world.insert(order(4, day="2026-02-03", at=world.now()))
    world.run()
    world.same(world.source_rows())
    assert _others(world) == before


_ROW = (
    "SELECT argMax({}, seq) FROM dponec_state WHERE load = 'orders'",
    "SELECT {} FROM dponec.dponec_state WHERE load = 'orders'",
)


def _state(world: World, *columns: str) -> list[str]:
    return [world.answer(_ROW[not world.sink.clickhouse].format(column)) for column in columns]


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
def test_an_attempt_keeps_its_own_and_nothing_of_the_one_before(world: World, load: str) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    mode, given = LOADS[load]
    world.load(mode, **given).run()
    world.insert(order(3, at=world.now()))
    own = ("run_id", "attempt", "phase", "partitions", "rows_staged", "digest", "staging_uuid")
    first = _state(world, *own)
    with pytest.raises(Died):
        world.outcome(faults=death("before:drop-old-staging"))
    opened = _state(world, *own)
    assert opened[0] != first[0]
    assert opened[1:] == [str(int(first[1]) + 1), "open", "", "0", "", ""]
    with pytest.raises(Died):
        world.outcome(faults=death("after-commit:record-staged"))
    staged = _state(world, *own)
    (staging,) = [name for name in world.leftovers() if name.endswith("_rows") or "_rows_" in name]
    rows = world.answer(f"SELECT count() FROM `{staging}`")
    uuid = world.answer(f"SELECT uuid FROM system.tables WHERE database = currentDatabase() AND name = '{staging}'")
    assert (staged[:3], staged[4], staged[6]) == ([*opened[:2], "staged"], rows, uuid)
    with pytest.raises(Died):
        world.outcome(faults=death("before:drop-old-staging"))
    assert _state(world, *own) == staged
    world.run()
    assert _state(world, *own)[:2] == opened[:2]
    world.same(world.source_rows())


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("step", ["commit-state", "release-lease"])
def test_the_state_row_of_another_attempt_is_left_alone(world: World, load: str, step: str) -> None:
    world.orders()
    world.insert(order(1))
    mode, given = LOADS[load]
    world.load(mode, **given)
    other = (
        "INSERT INTO dponec_state (load, seq, fence, attempt, run_id, phase) SETTINGS async_insert = 0 "
        "SELECT 'orders', max(seq) + 1, argMax(fence, seq), 9, 'other', 'staged' FROM dponec_state WHERE load = 'orders'"
    )
    ended = world.outcome(faults=When(f"before:{step}", lambda: world.target(other)))
    what = "staged" if step == "commit-state" else "committed"
    assert (ended.code, ended.message) == ("DP511", f"the state row is not the {what} attempt of this run")
    assert _state(world, "run_id", "attempt", "phase") == ["other", "9", "staged"]


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
def test_no_state_is_written_under_a_token_that_is_not_the_newest(world: World, load: str) -> None:
    """Whichever step would write it."""
    world.orders()
    world.insert(order(1))
    mode, given = LOADS[load]
    world.load(mode, **given)
    newer = (
        "INSERT INTO dponec_state SETTINGS async_insert = 0 SELECT * REPLACE (seq + 1 AS seq, fence + 5 AS fence)"
        " FROM dponec_state WHERE load = 'orders' ORDER BY seq DESC LIMIT 1"
    )
    writes = ("open-attempt", "record-staged", "record-rewrite", "commit-state", "release-lease")
    world.run()
    for step in [step.id for step in world.opened().doc.steps if step.id in writes]:
        world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")
        assert world.fails("DP410", faults=When(f"before:{step}", lambda: world.target(newer))).step == step
        world.run()
