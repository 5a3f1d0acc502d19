"""incremental_merge: the target's row of each staged key is the staged one; other keys are untouched."""

from __future__ import annotations

import psycopg
import pytest

from tests.engines.loads import model
from tests.engines.loads.hooks import When
from tests.engines.loads.model import Order, order
from tests.engines.loads.world import CURSOR, EVERYWHERE, World, on

MONTHLY = {"partition": {"column": "day", "by": "month"}}
# Each sink with each of its policies; ReplacingMergeTree needs a table of its own.
POLICIES = [
    ("pg18", "update_insert"),
    ("pg18", "delete_insert"),
    ("pg15", "update_insert"),
    ("chdb", "partition_rewrite"),
]
POLICIES += [("chdb", "lightweight_delete_insert"), ("chdb", "shadow_swap"), ("ch18", "partition_rewrite")]


def merging(world: World, policy: str = "auto", **strategy: object) -> World:
    strategy.setdefault("source", {"cursor": CURSOR})
    return world.load("incremental_merge", key=["id"], merge_policy=policy, **strategy)


def policies() -> pytest.MarkDecorator:
    """Each policy of each sink, as (sink, policy)."""
    made = [(mark.args[1][0], policy) for name, policy in POLICIES for mark in (on(name).mark,)]
    params = [pytest.param(*each.values, policy, id=f"{each.id}-{policy}", marks=each.marks) for each, policy in made]
    return pytest.mark.parametrize(("sink", "policy"), params)


@policies()
def test_changes_moves_and_deletes_of_the_source(world: World, policy: str) -> None:
    world.orders()
    world.insert(*(order(i, f"v1 {i}", f"2026-0{i}-01") for i in range(1, 6)))
    merging(world, policy).run()
    before = world.source_rows()
    world.same(before)
    world.run()
    world.same(before)
    # 1 changes, 2 moves to another partition and empties its own, 3 is deleted (a merge does not see that), 6 is new.
    now = world.now()
    changed = [order(1, "v2", "2026-01-09", now), order(2, None, "2026-05-02", now), order(6, "new", "2026-06-01", now)]
    world.source("DELETE FROM orders WHERE id IN (1, 2, 3)")
    world.insert(*changed)
    world.run()
    world.same(model.merge(before, world.source_rows(), changed.__contains__))


@on("chdb")
def test_replacing_merge_tree_keeps_the_highest_version(world: World) -> None:
    world.orders(engine="ReplacingMergeTree(at)", partition="")
    world.insert(order(1), order(2))
    merging(world, "replacing_merge_tree").run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.run()
    world.same(world.source_rows(), final=True)


@on("chdb")
def test_replacing_merge_tree_is_refused_where_a_row_can_move(world: World) -> None:
    world.orders(engine="ReplacingMergeTree(at)")
    assert "may move between partitions" in world.refuses(
        "DP308", "incremental_merge", key=["id"], merge_policy="replacing_merge_tree", source={"cursor": CURSOR}
    )


@on("chdb")
def test_partitions_without_a_change_are_not_rewritten(world: World) -> None:
    parts = "SELECT name FROM system.parts WHERE database = currentDatabase() AND table = 'orders_copy' AND active"
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    merging(world, "partition_rewrite").run()
    (before,) = world.asked(parts + " AND partition = '202602'")
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    world.run()
    assert world.asked(parts + " AND partition = '202602'") == [before]
    world.same(world.source_rows())


@on("pg18")
def test_a_writer_who_hides_his_transactions_stops_the_window(world: World) -> None:
    world.orders()
    world.insert(order(1))
    merging(world)
    with psycopg.connect(world.source_url, autocommit=True) as hidden:
        hidden.execute("SET track_activities = off")
        merging(world).fails("DP430")
    merging(world).run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_rows_that_leave_the_filter(world: World, policy: str) -> None:
    world.orders()
    world.insert(order(1, "open"), order(2, "open", "2026-02-01"), order(3, "open", "2026-02-01"), order(4, "closed"))
    filtered = {"source": {"cursor": CURSOR, "where": "note <> 'closed'"}, "on_leave_filter": policy}
    merging(world, **filtered).run()
    before = world.rows()
    assert {row.id for row in before} == {1, 2, 3}
    # 1 leaves by value, 2 leaves because NULL <> 'closed' is not true.
    world.source("UPDATE orders SET at = clock_timestamp(), note = CASE id WHEN 1 THEN 'closed' END WHERE id < 3")
    world.run()
    late = [row for row in world.source_rows() if row.id in (1, 2)]
    left = policy == "delete"
    open_ = lambda row: row.note is not None and row.note != "closed"  # noqa: E731
    world.same(model.merge(before, world.source_rows(), late.__contains__, open_, delete_left=left))
    assert {row.id for row in world.rows()} == ({3} if left else {1, 2, 3})


@policies()
@pytest.mark.parametrize("moment", ["twice in the source", "changed between the reads"])
def test_a_key_that_left_the_filter_and_is_in_it(world: World, policy: str, moment: str) -> None:
    """What left is read before what is loaded, in another snapshot: the row that is loaded is what the key holds."""
    world.orders()
    world.insert(order(1, "open"), order(2, "open"))
    merging(world, policy, source={"cursor": CURSOR, "where": "note <> 'closed'"}, on_leave_filter="delete").run()
    world.source("UPDATE orders SET at = clock_timestamp(), note = 'closed' WHERE id = 1")
    if moment == "twice in the source":
        world.source("INSERT INTO orders SELECT id, amount, 'paid', day, clock_timestamp() FROM orders WHERE id = 1")
        world.run()
    else:
        group = "transfer-left" if world.sink.clickhouse else "stage-left"
        then = When(f"after-commit:{group}", lambda: world.source("UPDATE orders SET note = 'paid' WHERE id = 1"))
        world.run(faults=then)
        assert then.landed
    assert sorted((row.id, row.note) for row in world.rows()) == [(1, "paid"), (2, "open")]


@on("chdb")
def test_a_number_that_is_none_is_named_behind_a_filter(world: World) -> None:
    world.orders()
    world.insert(order(1, "open"), order(2, "closed"))
    world.source("UPDATE orders SET amount = 'NaN'")
    merging(world, source={"cursor": CURSOR, "where": "note <> 'closed'"}, on_leave_filter="delete")
    assert 'column "amount": 1 values (NaN); policy fail' in world.fails("DP524").message


@on("pg18", "chdb", "ch18")
def test_null_keys_fail_or_are_skipped(world: World) -> None:
    world.orders(key="", order_by="tuple()")
    world.insert(order(1), order(None, "lost"))
    merging(world).fails("DP503")
    world.same([])
    if world.sink.name == "ch18":  # it cannot wait for a mutation of staging
        world.refuses("DP308", "incremental_merge", key=["id"], null_keys="skip", source={"cursor": CURSOR})
        return
    if world.sink.clickhouse:
        world.state("abort", run_id=world.state("show")["run_id"])
    merging(world, null_keys="skip").run()
    world.same([order(1)])


@on("pg18", "chdb", "ch18")
def test_duplicate_keys_fail_or_the_latest_wins(world: World) -> None:
    world.orders()
    world.insert(order(1, "old"), order(1, "new", at="2026-01-02"), order(2))
    merging(world).fails("DP504")
    world.same([])
    if world.sink.name == "ch18":  # it cannot wait for a mutation of staging
        world.refuses("DP308", "incremental_merge", key=["id"], staging_duplicates="latest", source={"cursor": CURSOR})
        return
    if world.sink.clickhouse:
        world.state("abort", run_id=world.state("show")["run_id"])
    merging(world, staging_duplicates="latest").run()
    world.same([order(1, "new", at="2026-01-02"), order(2)])


@on("pg18", "pg15", "chdb")
def test_of_two_latest_rows_neither_wins(world: World) -> None:
    world.orders()
    world.insert(order(1, "old"), order(1, "one", at="2026-01-02"), order(1, "other", at="2026-01-02"))
    merging(world, staging_duplicates="latest").fails("DP504")
    world.same([])


@on("pg18", "chdb", "ch18")
def test_rows_of_the_target_with_a_null_key_survive(world: World) -> None:
    world.orders(key="", order_by="tuple()")
    survivors = [order(None, "s1"), order(None, "s2", "2026-02-01")]
    world.insert_target(*survivors, order(2, "old", "2026-02-01"))
    # 0 is what ClickHouse takes NULL for where the branch for NULL is missing.
    world.insert(order(0, "zero", "2026-02-03"), order(1), order(2, "new", "2026-01-05"))
    merging(world)
    world.state("adopt", watermark="")
    world.run()
    world.same([*survivors, *world.source_rows()])


@on(*EVERYWHERE)
def test_late_rows_inside_the_lag_arrive_with_the_next_load(world: World) -> None:
    world.orders()
    world.source(
        "INSERT INTO orders VALUES (1, 1, '', '2026-01-01', date_trunc('second', now()) - interval '1 minute')"
    )
    merging(world, source={"cursor": {"column": "at", "lag": "1 hour"}}).run()
    world.same([])
    merging(world, source={"cursor": {"column": "at", "lag": "10 seconds"}}).run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_two_rows_of_one_timestamp_in_two_runs(world: World) -> None:
    world.orders()
    now = world.now()
    world.insert(order(1), order(2, at=now))
    merging(world).outcome(window=("2025-01-01 00:00:00+00", now + "+00"))
    world.same([order(1)])
    world.insert(order(3, at=now))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_row_at_the_watermark_itself_comes_with_the_next_run(world: World) -> None:
    """Half-open windows meet: what lies exactly between two of them belongs to the second."""
    world.orders()
    world.insert(order(1))
    merging(world).run()
    world.insert(order(2, at=world.state("show")["watermark"].partition("+")[0]))
    world.run()
    world.same(world.source_rows())


@policies()
def test_a_value_that_becomes_null_and_one_that_was(world: World, policy: str) -> None:
    """Nothing else of the rows changes, so that only a comparison that knows NULL sees a difference."""
    world.orders()
    world.insert(order(1, "value"), order(2, None))
    merging(world, policy, source={}).run()
    world.source("UPDATE orders SET note = CASE id WHEN 2 THEN 'value' END")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_nullable_cursor_needs_a_policy(world: World) -> None:
    world.orders(at="")
    world.insert(order(1), order(2, at=None))
    world.refuses("DP220", "incremental_merge", key=["id"], source={"cursor": CURSOR})
    merging(world, source={"cursor": {**CURSOR, "nulls": "fail"}}).fails("DP508")
    world.same([])
    merging(world, source={"cursor": {**CURSOR, "nulls": "always_read"}}).run()
    world.source("UPDATE orders SET note = 'again' WHERE id = 2")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_without_a_horizon_it_is_refused(world: World) -> None:
    world.orders()
    world.refuses("DP221", "incremental_merge", key=["id"], source={"cursor": "at"})


@on("pg18", "chdb")
def test_keys_that_are_written_differently_are_one_key(world: World) -> None:
    world.source("CREATE TABLE orders (id numeric NOT NULL, at timestamptz NOT NULL)")
    world.make_target(
        columns="id Decimal(18,4), at DateTime64(6,'UTC')" if world.sink.clickhouse else "id numeric, at timestamptz",
        partition="",
    )
    world.source("INSERT INTO orders VALUES (1.5, '2026-01-01'), (2, '2026-01-01')")
    merging(world).run()
    world.source("UPDATE orders SET id = id * 1.00, at = clock_timestamp()")
    world.run()
    assert world.count() == 2


@on("pg18", "chdb", "ch18")
def test_an_empty_window_changes_nothing(world: World) -> None:
    world.orders()
    merging(world).run()
    world.same([])
    world.insert(order(1, at=world.now()))
    world.run()
    world.same(world.source_rows())
    world.run()
    world.same(world.source_rows())


def test_the_model_itself() -> None:
    old = [order(1, "old"), order(None, "stays")]
    new = [order(1, "new"), order(2, "closed")]
    kept: list[Order] = [order(None, "stays"), order(1, "new"), order(2, "closed")]
    assert model.merge(old, new, model.everything) == kept


@on("pg18", "chdb", "ch18")
def test_without_a_cursor_the_whole_source_is_merged(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    merging(world, source={}).run()
    before = world.source_rows()
    world.source("DELETE FROM orders WHERE id = 1; UPDATE orders SET note = 'v2' WHERE id = 2")
    world.run()
    world.same(model.merge(before, world.source_rows(), model.everything))
    world.refuses("DP230", "incremental_merge", key=["id"], empty_slice="clear")


@on("pg18", "chdb")
def test_lookback_reads_again_what_changed_behind_the_cursor(world: World) -> None:
    world.orders()
    world.source("INSERT INTO orders VALUES (1, 1, 'v1', '2026-01-01', now() - interval '5 minutes')")
    merging(world, source={"cursor": {**CURSOR, "lookback": "1 hour"}}).run()
    world.source("UPDATE orders SET note = 'v2'")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
def test_a_key_of_two_columns(world: World) -> None:
    world.orders(order_by="(id, day)")
    world.insert(order(1, day="2026-01-01"), order(1, day="2026-02-01"))
    merge = {"merge_policy": "auto", "source": {"cursor": CURSOR}}
    world.load("incremental_merge", key=["id", "day"], **merge).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE day = '2026-02-01'")
    world.run()
    world.same(world.source_rows())


@on("chdb", "ch18")
def test_a_policy_of_another_engine_is_refused(world: World) -> None:
    world.orders()
    policy = "update_insert" if world.sink.name == "chdb" else "lightweight_delete_insert"
    world.refuses("DP231", "incremental_merge", key=["id"], merge_policy=policy, source={"cursor": CURSOR})


@on("pg18", "chdb")
def test_a_row_without_a_cursor_is_older_than_any_other(world: World) -> None:
    world.orders(at="")
    world.insert(order(1, "none", at=None), order(1, "late", at="2026-01-02"), order(2, "none", at=None))
    merging(world, staging_duplicates="latest", source={"cursor": {**CURSOR, "nulls": "always_read"}}).run()
    world.same([order(1, "late", at="2026-01-02"), order(2, "none", at=None)])


@on("ch18")
@pytest.mark.parametrize(
    ("policy", "needs"), [("lightweight_delete_insert", "ClickHouse 23.3"), ("shadow_swap", "ClickHouse 20.10")]
)
def test_a_policy_of_a_newer_server_is_refused_with_its_version(world: World, policy: str, needs: str) -> None:
    world.orders()
    told = world.refuses("DP231", "incremental_merge", key=["id"], merge_policy=policy, source={"cursor": CURSOR})
    assert needs in told and "this clickhouse offers partition_rewrite" in told


@on("chdb", "ch18")
def test_what_somebody_else_writes_during_a_rewrite_is_lost_as_the_plan_says(world: World) -> None:
    """No engine lock can be had, so the step says so; whoever writes there besides must know."""
    world.orders()
    world.insert(order(1), order(2))
    merging(world, "partition_rewrite", **MONTHLY).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    strange = order(77, "of another", "2026-01-02")
    then = When("before:replace-partitions", lambda: world.insert_target(strange))
    world.run(faults=then)
    assert then.landed
    world.same(world.source_rows())
    said = {step.id: step.locks for step in world.opened().doc.steps}["build-rewrite"]
    assert said == ("none: what anybody else writes into these partitions until they are replaced is lost",)
