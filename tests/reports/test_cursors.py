"""Cursors, watermarks and snapshots of the source: rows that a window must not lose and must not read twice."""

from __future__ import annotations

import psycopg

from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on
from tests.reports.loads import compiled, dies_after, loaded


@on("pg18", "chdb")
def test_airbyte_85918_a_row_that_commits_between_the_maximum_and_the_rows(world: World) -> None:
    """Its timestamp is below the end of the window, and it was not there when the end was chosen."""
    loaded(world, "merge")
    with psycopg.connect(world.source_url) as writer:
        writer.execute("INSERT INTO orders VALUES (9, 9, 'between', '2026-01-01', now())")
        world.run(faults=When("before:transfer-rows", writer.commit))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_airbyte_80152_two_rows_of_one_timestamp_that_come_during_the_extraction(world: World) -> None:
    loaded(world, "append")
    two = (
        "INSERT INTO orders SELECT i, i, 'two', '2026-01-01', clock.now "
        "FROM generate_series(8, 9) i, (SELECT clock_timestamp()) clock (now)"
    )
    world.run(faults=When("before:transfer-rows", lambda: world.source(two)))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_airbyte_15427_a_death_inside_a_group_of_equal_timestamps(world: World) -> None:
    """There is no state in the middle of a window, so none inside a tie."""
    loaded(world, "append")
    world.source(
        "INSERT INTO orders SELECT 1000 + i, i, repeat('x', 200), '2026-01-01', clock.now "
        "FROM generate_series(1, 2000) i, (SELECT clock_timestamp()) clock (now)"
    )
    dies_after(world, "transfer-rows", 1)
    assert world.count() == 3
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_kafka_connect_jdbc_1093_the_source_ends_the_session_in_the_middle(world: World) -> None:
    loaded(world, "append")
    world.source(
        "INSERT INTO orders SELECT 1000 + i, i, '', '2026-01-01', clock_timestamp() FROM generate_series(1, 50) i"
    )
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    world.outcome(faults=When("before:transfer-rows", lambda: world.source(kill)))
    assert world.count() in (3, 53)
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_kafka_connect_jdbc_1015_numbers_that_commit_out_of_order(world: World) -> None:
    """100 is taken first and committed last; a cursor that has seen 101 must still bring it."""
    world.orders()
    compiled(
        world,
        "append",
        source={"cursor": {"column": "id", "assigned_by": "database"}},
        sink={"limits": {"lock_timeout": 1}},
    )
    with psycopg.connect(world.source_url) as slow, psycopg.connect(world.source_url) as quick:
        slow.execute("INSERT INTO orders VALUES (100, 1, 'slow', '2026-01-01', now())")
        quick.execute("INSERT INTO orders VALUES (101, 1, 'quick', '2026-01-01', now())")
        quick.commit()
        world.outcome()
        slow.commit()
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_sling_36_two_rows_of_one_timestamp_in_two_runs(world: World) -> None:
    loaded(world, "append")
    mark = world.state("show")["watermark"].partition("+")[0]
    world.insert(order(8, at=mark))
    world.run()
    assert 8 in {row.id for row in world.rows()}
    second = world.state("show")["watermark"].partition("+")[0]
    world.insert(order(9, at=second))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_sling_471_a_watermark_of_full_precision(world: World) -> None:
    """Cut to fewer digits, it would read the last row again in each run, and an append would double it."""
    loaded(world, "append")
    world.source(
        "INSERT INTO orders VALUES (9, 9, '', '2026-01-01', date_trunc('milliseconds', clock_timestamp()) + interval '0.000001 second')"
    )
    world.run()
    assert len(world.state("show")["watermark"].partition("+")[0].rpartition(".")[2]) == 6
    assert world.run().rows == 0
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_sling_380_a_cursor_that_may_be_null_needs_an_answer(world: World) -> None:
    world.orders(at="")
    world.refuses("DP220", "incremental_append", source={"cursor": CURSOR})
    world.refuses("DP220", "incremental_merge", key=["id"], source={"cursor": CURSOR})


@on("pg18", "chdb")
def test_airbyte_79103_a_cursor_of_days_leaves_today_for_tomorrow(world: World) -> None:
    world.orders()
    world.source("INSERT INTO orders SELECT i, i, '', current_date - i, now() FROM generate_series(0, 3) i")
    by_day = {"cursor": {"column": "day", "assigned_by": "database"}}
    compiled(world, "append", source=by_day).run()
    world.source("INSERT INTO orders VALUES (9, 9, 'late today', current_date, now())")
    world.run()
    assert {row.id for row in world.rows()} == {1, 2, 3}
