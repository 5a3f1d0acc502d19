"""partition_replace: the affected partitions hold exactly the source's rows of them; other partitions are untouched."""

from __future__ import annotations

import pytest

from tests.engines.loads import model
from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, EVERYWHERE, World, on

MONTHLY = {"column": "day", "by": "month"}


def replacing(world: World, key: bool = True, **given: object) -> World:
    given = {"partition": MONTHLY, "source": {"cursor": CURSOR}} | given
    return world.load("partition_replace", **({"key": ["id"]} if key else {}), **given)


@on(*EVERYWHERE)
def test_changed_moved_and_deleted_rows(world: World) -> None:
    world.orders()
    world.insert(*(order(i, f"v1 {i}", f"2026-0{1 + i % 3}-0{i}") for i in range(1, 9)))
    replacing(world).run()
    before = world.source_rows()
    world.same(before)
    # 1 moves from February to June; 2 is deleted unseen in March; 3 changes in January; 6 is deleted there, and goes with it,
    # as 4 goes with February.
    now = world.now()
    changed = [order(1, "moved", "2026-06-01", now), order(3, "v2", "2026-01-03", now)]
    world.source("DELETE FROM orders WHERE id IN (1, 2, 3, 4, 6)")
    world.insert(*changed)
    world.run()
    world.same(model.partition_replace(before, world.source_rows(), changed.__contains__))
    assert {2}.isdisjoint(row.id for row in world.source_rows()) and 2 in {row.id for row in world.rows()}


@on(*EVERYWHERE)
def test_the_last_row_of_a_partition_moves_away(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    replacing(world).run()
    world.source("UPDATE orders SET day = '2026-02-09', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
def test_a_row_that_leaves_between_the_two_reads_is_back_with_the_next_run(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2), order(3, day="2026-02-01"))
    replacing(world).run()
    assert "may be missing from the target until the next run" in (world.bundle / "plan.md").read_text()
    world.source("UPDATE orders SET at = clock_timestamp() WHERE id = 2")
    leaves = "UPDATE orders SET day = '2026-02-09', at = clock_timestamp() WHERE id = 1"
    world.run(faults=When("before:find-partitions", lambda: world.source(leaves)))
    assert {row.id for row in world.rows()} == {2, 3}
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
def test_without_a_cursor_every_partition_is_replaced(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    replacing(world, source={}).run()
    world.same(world.source_rows())
    world.source("DELETE FROM orders WHERE id = 1")
    world.insert(order(3, day="2026-03-01"))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
def test_without_a_key_moves_are_not_seen_and_the_plan_says_so(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    replacing(world, key=False).run()
    assert "moved from one partition to another are not detected" in (world.bundle / "plan.md").read_text()
    before, now = world.source_rows(), world.now()
    world.source("DELETE FROM orders WHERE id = 1")
    world.insert(order(1, "moved", "2026-02-02", now))
    world.run()
    recent = [order(1, "moved", "2026-02-02", now)]
    world.same(model.partition_replace(before, world.source_rows(), recent.__contains__, keyed=False))


@on("pg18", "chdb", "ch18")
def test_a_row_that_leaves_the_filter_leaves_its_partition(world: World) -> None:
    world.orders()
    world.insert(order(1, "open"), order(2, "open"), order(3, "open", "2026-02-01"))
    replacing(world, source={"cursor": CURSOR, "where": "note = 'open'"}).run()
    world.source("UPDATE orders SET note = 'closed', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.same(row for row in world.source_rows() if row.note == "open")


@on("pg18", "chdb", "ch18")
def test_more_partitions_than_allowed(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"), order(3, day="2026-03-01"))
    replacing(world, partition={**MONTHLY, "max_partitions": 2}).fails("DP505")
    world.same([])
    replacing(world, partition={**MONTHLY, "max_partitions": 3}).run()
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize("key", [True, False])
def test_null_partition_values_fail_or_are_a_partition(world: World, key: bool) -> None:
    world.orders(day="")
    world.insert(order(1), order(2, day=None), order(3, day=None))
    replacing(world, key).fails("DP506")
    world.same([])
    replacing(world, key, partition={**MONTHLY, "nulls": "own"}).run()
    world.same(world.source_rows())
    # The partition of January changes: that of NULL must not.
    before = world.rows()
    world.source("DELETE FROM orders WHERE id = 2")
    world.insert(order(4, at=world.now()))
    world.run()
    world.same([*before, *(row for row in world.source_rows() if row.id == 4)])
    world.insert(order(5, day=None, at=world.now()))
    world.run()
    world.same(world.source_rows())


@on("chdb", "ch18")
def test_a_monthly_table_refuses_slices_by_day(world: World) -> None:
    world.orders()
    message = world.refuses("DP308", "partition_replace", partition={"column": "day", "by": "day"})
    assert "rows of the same partition outside of the slice would be lost" in message


@on("chdb", "ch18")
def test_an_unpartitioned_table_refuses(world: World) -> None:
    world.orders(partition="")
    assert "no partition key" in world.refuses("DP308", "partition_replace", partition=MONTHLY)


@on("chdb", "ch18")
def test_a_tuple_key_that_is_finer_than_the_slice(world: World) -> None:
    world.orders(partition="(toYYYYMM(day), id % 2)")
    world.insert(order(1), order(2), order(3, day="2026-02-01"))
    replacing(world).run()
    world.source("DELETE FROM orders WHERE id = 2; UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("unit", ["value", "year"])
def test_other_units(world: World, unit: str) -> None:
    world.orders(partition={"value": "day", "year": "toYear(day)"}[unit])
    world.insert(order(1, day="2025-12-31"), order(2, day="2026-01-01"), order(3, day="2026-01-02"))
    replacing(world, partition={"column": "day", "by": unit}).run()
    before, now = world.source_rows(), world.now()
    world.source("DELETE FROM orders WHERE id IN (1, 2)")
    world.insert(order(2, "v2", "2026-01-01", now))
    world.run()
    affected = [row for row in before if row.day.year == 2026 and (unit == "year" or row.day.day == 1)]  # type: ignore[union-attr]
    assert {row.id for row in affected} >= {2}
    world.same([row for row in before if row.id != 2] + [order(2, "v2", "2026-01-01", now)])


def old_and_far(world: World, partition: str) -> None:
    """Rows of years that a Date cannot say, in a target of Date32 and DateTime64."""
    world.source(
        "CREATE TABLE orders (id bigint NOT NULL, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, "
        "at timestamptz NOT NULL, seen timestamptz GENERATED ALWAYS AS (day::timestamp AT TIME ZONE 'UTC') STORED)"
    )
    world.make_target(
        columns="id Int64, amount Decimal(18,2), note String, day Date32, at DateTime64(6, 'UTC'), seen DateTime64(6, 'UTC')",
        partition=partition,
    )
    days = [
        "1900-01-01",
        "1955-03-10",
        "1955-07-10",
        "1969-12-31",
        "2026-01-01",
        "2149-06-07",
        "2200-02-03",
        "2299-12-31",
    ]
    for number, day in enumerate(days, 1):
        world.source(
            "INSERT INTO orders VALUES (%s, 1, '', %s, '2026-01-01'::timestamptz + %s * interval '1 second')",
            [(number, day, number)],
        )


UNITS = {"year": "toYear({})", "month": "toYYYYMM({})", "day": "toYYYYMMDD({})"}


@on("chdb")
@pytest.mark.parametrize(
    ("column", "unit"), [("day", "year"), ("day", "month"), ("day", "day"), ("seen", "month"), ("seen", "day")]
)
def test_partitions_of_years_that_a_date_cannot_say(world: World, column: str, unit: str) -> None:
    """toStartOfMonth gives 1970-01-01 for all of them, and the source has nothing there: 1900 and 1955 would just go."""
    old_and_far(world, UNITS[unit].format(column))
    replacing(world, partition={"column": column, "by": unit}).run()
    world.same(world.source_rows())
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id IN (1, 7)")
    world.run()
    world.same(world.source_rows())


@on("chdb")
@pytest.mark.parametrize(
    ("column", "unit", "key"), [("day", "month", "toStartOfMonth(day)"), ("seen", "hour", "toStartOfHour(seen)")]
)
def test_a_partition_key_that_puts_several_slices_together(world: World, column: str, unit: str, key: str) -> None:
    """Replacing the partition of one of them would delete the others, which are not read; a rewrite keeps them."""
    old_and_far(world, key)
    replacing(world, key=False, partition={"column": column, "by": unit}).run()
    world.same(world.source_rows())
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 5")
    world.run()
    world.same(before := world.source_rows())
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    assert "which its partition key puts among them" in world.fails("DP506").message
    world.same(before)
    replacing(world, partition={"column": column, "by": unit}).run()
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize("unit", ["hour", "day"])
def test_slices_of_an_instant_are_utc(world: World, unit: str) -> None:
    world.orders(partition={"hour": "toStartOfHour(at)", "day": "toDate(at)"}[unit])
    world.insert(order(1, at="2026-01-01 23:30"), order(2, at="2026-01-02 00:30"))
    replacing(world, partition={"column": "at", "by": unit}).run()
    world.same(world.source_rows())
    world.source("DELETE FROM orders WHERE id = 1")
    world.insert(order(3, at=world.now()))
    world.run()
    assert {row.id for row in world.rows()} == {1, 2, 3}


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("policy", ["fail", "clear"])
def test_an_empty_source(world: World, policy: str) -> None:
    world.orders()
    world.insert(order(1))
    replacing(world, source={}, empty_slice=policy).run()
    world.source("DELETE FROM orders")
    if policy == "fail":
        world.fails("DP502")
    else:
        world.run()
    world.same([] if policy == "clear" else [order(1)])


@on("pg18", "chdb", "ch18")
def test_a_window_without_changes_is_a_run_with_nothing_to_do(world: World) -> None:
    """Refusing it would leave the attempt open with its empty window, and every later run would repeat the refusal."""
    world.orders()
    world.insert(order(1))
    replacing(world).run()
    world.run()
    world.same([order(1)])
    world.insert(order(2, at=world.now()))
    world.run()
    world.same(world.source_rows())
    world.refuses("DP230", "partition_replace", partition=MONTHLY, empty_slice="keep")


@on(*EVERYWHERE)
def test_a_late_row_that_moved_leaves_its_old_partition(world: World) -> None:
    """Nobody sees it move: its cursor lies below the window, and its old partition is not affected."""
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"), order(3), order(4, day="2026-03-01"))
    replacing(world).run()
    # 1 and 3 leave January, which keeps no row; 4 leaves March for February, where 2 changes, and 5 stays in March.
    world.insert(order(5, day="2026-03-02", at=world.now()))
    world.run()
    world.source("UPDATE orders SET day = '2026-02-02' WHERE id IN (1, 3, 4)")
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 2")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize("day", ["2025-12-31", "2026-02-15", "2026-04-01"])
def test_a_staged_row_outside_of_the_affected_partitions(world: World, day: str) -> None:
    """Before, between and behind them: the rows that its partition holds already would be doubled."""
    world.orders()
    world.insert(order(1), order(2, day="2026-03-01"))
    replacing(world)

    def moved() -> None:
        (staging,) = [name for name in world.leftovers() if "rows" in name]
        if world.sink.clickhouse:
            world.target(f"ALTER TABLE `{staging}` DELETE WHERE id = 1 SETTINGS mutations_sync = 1")
            world.target(f"INSERT INTO `{staging}` SETTINGS async_insert = 0 VALUES (1, 1, '', '{day}', 0)")
        else:
            world.target(f"UPDATE \"{staging}\" SET day = '{day}' WHERE id = 1")

    world.fails("DP506", faults=When("before:check-partition-values", moved))
    world.same([])
