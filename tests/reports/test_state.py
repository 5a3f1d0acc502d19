"""State against data: a run that dies, fails or is repeated brings each row once, and its watermark never moves without a proof."""

from __future__ import annotations

import pytest

from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import World, on
from tests.reports.loads import dies, loaded


@on("chdb")
def test_dlt_4052_dead_between_the_data_and_its_state(world: World) -> None:
    loaded(world, "append")
    world.insert(order(4, at=world.now()))
    dies(world, "before:commit-state")
    assert len(world.rows()) == 4
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_peerdb_4645_staging_that_became_empty_is_no_success(world: World) -> None:
    loaded(world, "append")
    mark = world.state("show")["watermark"]
    world.insert(order(4, at=world.now()))

    def empty() -> None:
        (name,) = world.leftovers()
        world.target(f'TRUNCATE TABLE "{name}"')

    point = "before:check-window-owned" if world.sink.clickhouse else "before:fence-finalize"
    assert world.outcome(faults=When(point, empty)).exit_code != 0
    assert world.state("show")["watermark"] == mark
    assert len(world.rows()) == 3


@on("pg18")
@pytest.mark.parametrize("group", ["open-attempt", "stage-rows", "prove", "finalize"])
def test_dlt_3023_dead_right_after_a_commit_on_postgres(world: World, group: str) -> None:
    _dead_after(world, group)


@on("chdb")
@pytest.mark.parametrize("step", ["open-attempt", "transfer-rows", "record-staged", "move-partitions", "commit-state"])
def test_dlt_3023_dead_right_after_a_commit_on_clickhouse(world: World, step: str) -> None:
    _dead_after(world, step)


def _dead_after(world: World, group: str) -> None:
    loaded(world, "append")
    world.insert(order(4, at=world.now()))
    dies(world, f"after-commit:{group}")
    world.run()
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_dbt_core_11423_a_resumed_run_keeps_its_window(world: World) -> None:
    loaded(world, "append")
    world.insert(order(4, at=world.now()))
    dies(world, "before:transfer-rows")
    frozen = world.state("show")["window_high"]
    world.insert(order(5, at=world.now()))
    world.run()
    assert world.state("show")["watermark"] == frozen
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_airbyte_12336_three_failed_tries_and_one_that_succeeds(world: World) -> None:
    loaded(world, "append")
    world.insert(*(order(number, at=world.now()) for number in range(10, 110)))
    for point in ("before:check-staged-rows", "after-commit:record-staged", "before:reconcile"):
        if world.sink.clickhouse or not point.startswith("after"):
            dies(world, point)
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_peerdb_4746_the_proof_counts_the_table_that_is_queried(world: World) -> None:
    """Staging is whole; the target lost rows on its way. Counting staging would call that a success."""
    loaded(world, "merge")
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")
    lose = "ALTER TABLE orders_copy DELETE WHERE id = 2 SETTINGS mutations_sync = 1"
    world.fails("DP510", faults=When("before:reconcile", lambda: world.target(lose)))


@on("pg18", "pg15")
def test_dlt_2892_two_loads_into_one_table_wait_for_each_other(world: World) -> None:
    world.orders()
    world.insert(order(1))
    for name in ("one", "two"):
        world.load("incremental_merge", name=name, key=["id"], source={})
        if name == "two":
            world.state("adopt", watermark="")
        world.run()
    world.source("UPDATE orders SET note = 'v2'; INSERT INTO orders VALUES (2, 2, '', '2026-01-01', now())")
    two = world.folder / "plans" / "two"
    first, world.bundle = world.bundle, two
    assert first == two
    other = world.folder / "plans" / "one"

    def beside() -> None:
        world.bundle = other
        assert world.outcome().exit_code == 0
        world.bundle = two

    world.run(faults=When("before:fence-finalize", beside))
    world.same(world.source_rows())


@on("pg18")
def test_dbt_sqlserver_718_a_value_the_target_refuses_leaves_it_whole(world: World) -> None:
    """There the delete stayed and the insert was lost. The report is of SQL Server; the danger is every engine's."""
    loaded(world, "merge", merge_policy="delete_insert")
    before = world.rows()
    world.target("ALTER TABLE orders_copy ADD CONSTRAINT small CHECK (amount < 100)")
    world.source("UPDATE orders SET amount = 1000, at = clock_timestamp() WHERE id = 2")
    assert world.outcome().exit_code == 5
    world.same(before)


@on("pg18", "chdb")
@pytest.mark.parametrize("change", ["dropped", "retyped", "required"])
def test_dbt_sqlserver_1_12_a_target_that_changed_after_the_plan_is_refused(world: World, change: str) -> None:
    loaded(world, "merge")
    kinds = ("Int64", "String") if world.sink.clickhouse else ("bigint", "text")
    statement = {
        "dropped": "ALTER TABLE orders_copy DROP COLUMN note",
        "retyped": "ALTER TABLE orders_copy "
        + ("MODIFY COLUMN amount String" if world.sink.clickhouse else "ALTER amount TYPE text"),
        "required": "ALTER TABLE orders_copy "
        + ("DROP COLUMN amount" if world.sink.clickhouse else f"ADD extra {kinds[0]} NOT NULL"),
    }[change]
    if change == "required" and not world.sink.clickhouse:
        world.target("TRUNCATE orders_copy")
    world.target(statement)
    world.fails("DP420")
