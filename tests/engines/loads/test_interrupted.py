"""A run that ends in the middle: the next one finishes it with its own window, and the one after that takes what is new.

tests/faults kills real processes at every step; these are the few points where a wrong order of steps or a wrong guard shows.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.engines.loads.hooks import Died, death
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

LOADS = {
    "merge": ("incremental_merge", {"key": ["id"], "source": {"cursor": CURSOR}}),
    "append": ("incremental_append", {"source": {"cursor": CURSOR}}),
    "partitions": (
        "partition_replace",
        {"key": ["id"], "source": {"cursor": CURSOR}, "partition": {"column": "day", "by": "month"}},
    ),
    "full": ("full_refresh", {}),
}
_POSTGRES = ("before:transfer-rows", "before:record-staged", "before:fence-finalize", "before-commit:finalize",
             "after-commit:finalize")  # fmt: skip
_CLICKHOUSE = ("before:transfer-rows", "before:record-staged", "after-commit:record-staged", "before:reconcile",
               "before:commit-state", "after-commit:commit-state")  # fmt: skip


_SWAP = {"key": ["id"], "source": {"cursor": CURSOR}, "merge_policy": "shadow_swap"}


def _loaded(world: World, load: str) -> World:
    world.orders()
    world.insert(*(order(number, "v1", f"2026-0{number}-01") for number in (1, 2, 3)))
    mode, given = LOADS[load] if load != "swap" else ("incremental_merge", _SWAP)
    world.load(mode, **given).run()
    return world


def _interrupted(world: World, load: str, point: str) -> None:
    """Rows come, the run dies, more rows come, and two runs later all is there exactly once."""
    _loaded(world, load)
    world.insert(order(4, "v1", "2026-04-01", world.now()))
    faults = death(point)
    with pytest.raises(Died):
        world.outcome(faults=faults)
    assert faults.landed
    world.insert(order(5, "v1", "2026-05-01", world.now()))
    first = {row.id for row in world.rows()}
    world.run()
    assert first <= {row.id for row in world.rows()}
    world.run()
    world.same(world.source_rows())


@on("pg18", "pg15")
@pytest.mark.parametrize("point", _POSTGRES)
@pytest.mark.parametrize("load", LOADS)
def test_on_postgres(world: World, load: str, point: str) -> None:
    _interrupted(world, load, point)


@on("chdb")
@pytest.mark.parametrize("point", _CLICKHOUSE)
@pytest.mark.parametrize("load", LOADS)
def test_on_clickhouse(world: World, load: str, point: str) -> None:
    _interrupted(world, load, point)


@on("chdb")
@pytest.mark.parametrize("point", ("before:build-shadow", "before:exchange-tables", *_CLICKHOUSE[3:]))
def test_a_merge_that_exchanges_tables(world: World, point: str) -> None:
    """What is exchanged already is neither built nor exchanged again, nor is the old table proved to be the new one."""
    _interrupted(world, "swap", point)


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
def test_staging_that_stands_is_not_filled_again(world: World, load: str) -> None:
    """Nothing is read of the source any more, which may be gone by then."""
    _loaded(world, load)
    world.insert(order(4, "v1", "2026-04-01", world.now()))
    with pytest.raises(Died):
        world.outcome(faults=death("after-commit:record-staged"))
    assert world.run().rows == 0
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_staging_that_is_gone_is_staged_again(world: World) -> None:
    _loaded(world, "merge")
    world.insert(order(4, "v1", "2026-04-01", world.now()))
    with pytest.raises(Died):
        world.outcome(faults=death("before:fence-finalize" if not world.sink.clickhouse else "before:clear-rewrite"))
    for name in world.leftovers():
        world.target(f"DROP TABLE {name}" if world.sink.clickhouse else f'DROP TABLE "{name}"')
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize("load", ["merge", "append", "partitions"])
def test_a_transaction_of_another_database_does_not_hold_the_window_back(world: World, load: str) -> None:
    _loaded(world, load)
    elsewhere = f"{world.source_url.rpartition('/')[0]}/postgres"
    with psycopg.connect(elsewhere) as other:
        other.execute("SELECT 1")  # its transaction stays open
        world.insert(order(4, "v1", "2026-04-01", world.now()))
        world.run()
        world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_resumed_run_reads_its_own_window_again(world: World) -> None:
    """dbt-core 11423: a retry computed the interval anew and lost what lay between."""
    _loaded(world, "append")
    world.insert(order(4, "v1", "2026-04-01", world.now()))
    with pytest.raises(Died):
        world.outcome(faults=death("before:transfer-rows"))
    dead = world.state("show")
    world.insert(order(5, "v1", "2026-05-01", world.now()))
    world.run()
    after = world.state("show")
    assert (after["watermark"], after["run_id"]) == (dead["window_high"], dead["run_id"])
    assert {row.id for row in world.rows()} == {1, 2, 3, 4}


@on("chdb")
@pytest.mark.parametrize("load", ["merge", "partitions"])
@pytest.mark.parametrize("point", ["before:build-rewrite", "before:record-rewrite", "before:replace-partitions"])
def test_partitions_that_are_written_again(world: World, load: str, point: str) -> None:
    """What was built and not recorded is built anew, not added to; what was recorded stands."""
    _interrupted(world, load, point)


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
def test_staging_of_an_older_attempt_goes(world: World, load: str) -> None:
    """A zombie of that attempt must fail instead of moving its rows. What another database holds under such a name stays."""
    _loaded(world, load)
    world.insert(order(4, "v1", "2026-04-01", world.now()))
    with pytest.raises(Died):
        world.outcome(faults=death("before:drop-old-staging"))
    run_id = world.state("show")["run_id"].replace("-", "_")
    with pytest.raises(Died):
        world.outcome(faults=death("before:record-staged"))
    (own,) = [name for name in world.leftovers() if name.endswith(run_id) and "rows" in name]
    world.target(f"CREATE TABLE `{own.replace(run_id, 'older')}` (id Int8) ENGINE = Log")
    world.run()  # it looks that nothing is left
    world.same(world.source_rows())
