"""schema_evolution: additive. Columns that the target of the snapshot lacks are added by a step; rows that are there hold NULL in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engines.loads.hooks import Died, When, death
from tests.engines.loads.hostile import NASTY, quoted
from tests.engines.loads.model import order
from tests.engines.loads.test_create_target import designed, introspected, steps
from tests.engines.loads.world import CURSOR, World, on

ADDS = {"sink": {"schema_evolution": "additive"}}
BY_CURSOR = {"key": ["id"], "source": {"cursor": CURSOR}}
MONTHLY = {"partition": {"column": "day", "by": "month"}}
JANUARY = {
    "options": {"portable_scope": {"kind": "range", "column": "day", "lower": "2026-01-01", "upper": "2026-02-01"}}
}
NULL = None
OLD = [(1, "one", NULL), (2, "two", NULL)]
"""What the target holds when the columns come: id, note, extra."""

# mode, what is said with it, the rows afterwards
LOADS: dict[str, tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = {
    "full": ("full_refresh", {}, [(1, "one", 10), (2, "two", 20), (3, "new", 30)]),
    "append": ("incremental_append", {"source": {"cursor": CURSOR}}, [*OLD, (3, "new", 30)]),
    "merge": ("incremental_merge", BY_CURSOR, [*OLD, (3, "new", 30)]),
    "partitions": ("partition_replace", BY_CURSOR | MONTHLY, [OLD[0], (2, "two", 20), (3, "new", 30)]),
    "scope": ("replace", {"source": JANUARY}, [(1, "one", 10), OLD[1]]),
    "compared": ("snapshot_diff", {"key": ["id"]}, [(1, "one", 10), (2, "two", 20), (3, "new", 30)]),
}
SWAPS: dict[str, tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = {
    "full by shadow": ("full_refresh", {"merge_policy": "shadow_swap", "readers": "tolerant"}, LOADS["full"][2]),
    "merge by shadow": (
        "incremental_merge",
        {"merge_policy": "shadow_swap", "readers": "tolerant"} | BY_CURSOR,
        LOADS["merge"][2],
    ),
}
EVERY = ("pg18", "pg15", "chdb", "ch18")


def loaded(world: World, mode: str, given: dict[str, Any], **target: str) -> World:
    """Two rows are in the target, and then a column, with values, comes to the source and a third row."""
    world.orders(**target)
    world.insert(order(1, "one"), order(2, "two", "2026-02-01"))
    world.load(mode, **given)
    if mode == "replace":
        world.insert_target(order(1, "one"), order(2, "two", "2026-02-01"))
        world.state("adopt", watermark="")
    else:
        world.run()
    grow(world)
    return world


def grow(world: World) -> None:
    world.source("ALTER TABLE orders ADD COLUMN extra int; UPDATE orders SET extra = id * 10")
    world.source(
        f"INSERT INTO orders VALUES (3, 3.10, 'new', '2026-02-02', '{world.now()}', 30)",
    )


def rows(world: World, final: str = "") -> list[tuple[Any, ...]]:
    found = world.asked(f"SELECT id, note, extra FROM orders_copy{final} ORDER BY id, extra")
    return [(int(i), note, None if extra in (None, "\\N") else int(extra)) for i, note, extra in found]


def types(world: World) -> dict[str, str]:
    return {each["name"]: each["native"] for each in introspected(world)["columns"]}


@on(*EVERY)
@pytest.mark.parametrize("load", LOADS)
def test_columns_are_added_filled_and_then_known(world: World, load: str) -> None:
    mode, given, expected = LOADS[load]
    if (load, world.sink.name) == ("append", "ch18"):
        pytest.skip("this server has no MOVE PARTITION")
    loaded(world, mode, given)
    assert "'extra'" in world.refuses("DP203", mode, **given)
    _added_and_known(world, mode, given, expected)


@on("pg18", "pg15")
@pytest.mark.parametrize("load", SWAPS)
def test_a_table_that_is_built_beside_the_target_has_them_too(world: World, load: str) -> None:
    mode, given, expected = SWAPS[load]
    _added_and_known(loaded(world, mode, given), mode, given, expected)


@on("chdb", "ch18")
def test_a_table_that_is_exchanged_has_them_too(world: World) -> None:
    """Without a partition a full refresh exchanges tables where the server can."""
    mode, given, expected = LOADS["full"]
    _added_and_known(loaded(world, mode, given, partition=""), mode, given, expected)


def _added_and_known(world: World, mode: str, given: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    world.load(mode, **ADDS, **given)
    at = steps(world).index("add-columns")
    assert steps(world)[at - 1 : at + 2] == ["acquire-lease", "add-columns", "check-columns"]
    assert steps(world).index("open-attempt") > at
    world.run()
    assert rows(world) == expected
    made = designed(world)
    world.run()
    assert rows(world) == expected
    world.load(mode, **ADDS, **given)
    assert "add-columns" not in steps(world)
    assert introspected(world) == made
    world.run()
    assert rows(world) == expected


@on("chdb")
def test_the_newest_version_is_kept_with_them(world: World) -> None:
    given = BY_CURSOR | {"merge_policy": "replacing_merge_tree"}
    loaded(world, "incremental_merge", given, engine="ReplacingMergeTree(at)", partition="")
    world.source(f"UPDATE orders SET note = 'v2', at = '{world.now()}' WHERE id = 2")
    world.load("incremental_merge", **ADDS, **given).run()
    assert rows(world, " FINAL") == [(1, "one", NULL), (2, "v2", 20), (3, "new", 30)]


@on("pg18", "pg15")
def test_partitions_that_are_attached_have_them_too(world: World) -> None:
    world.source(
        "CREATE TABLE orders (id bigint, amount numeric(18,2) NOT NULL, note text, day date, at timestamptz NOT NULL)"
    )
    world.target(
        "CREATE TABLE orders_copy (id bigint, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, at timestamptz NOT NULL,"
        " PRIMARY KEY (id, day)) PARTITION BY RANGE (day)"
    )
    for month in (1, 2):
        world.target(
            f"CREATE TABLE orders_m{month} PARTITION OF orders_copy FOR VALUES FROM ('2026-0{month}-01') TO ('2026-0{month + 1}-01')"
        )
    given = BY_CURSOR | MONTHLY | {"readers": "tolerant", "merge_policy": "attach_detach"}
    world.insert(order(1, "one"), order(2, "two", "2026-02-01"))
    world.load("partition_replace", **given).run()
    grow(world)
    _added_and_known(world, "partition_replace", given, LOADS["partitions"][2])


@on("pg18", "chdb")
def test_a_history_begins_a_version_where_there_is_a_value(world: World) -> None:
    moment = "DateTime64(6, 'UTC')" if world.sink.clickhouse else "timestamptz"
    null, flag, text = ("Nullable({})", "Bool", "String") if world.sink.clickhouse else ("{}", "boolean", "text")
    world.source("CREATE TABLE orders (id bigint NOT NULL, note text)")
    world.make_target(
        columns=f"id {'Int64' if world.sink.clickhouse else 'bigint'}, note {null.format(text)}, valid_from {moment} NOT NULL, "
        f"valid_to {null.format(moment)}, is_current {flag} NOT NULL, row_hash {null.format(text)}".replace(
            " NOT NULL", "" if world.sink.clickhouse else " NOT NULL"
        ),
        partition="",
        order_by="(id, valid_from)",
    )
    world.source("INSERT INTO orders VALUES (1, 'one'), (2, 'two')")
    world.load("scd2", key=["id"]).run()
    world.source("ALTER TABLE orders ADD COLUMN extra int; UPDATE orders SET extra = 20 WHERE id = 2")
    world.load("scd2", key=["id"], **ADDS).run()
    assert sorted(rows(world), key=str) == [(1, "one", NULL), (2, "two", 20), (2, "two", NULL)]
    assert world.answer("SELECT count(*) FROM orders_copy WHERE valid_to IS NULL") == "2"
    world.run()
    assert world.count() == 3


@on(*EVERY)
def test_an_empty_target_and_an_empty_source(world: World) -> None:
    world.orders()
    world.source("ALTER TABLE orders ADD COLUMN extra int")
    world.load("incremental_merge", **ADDS, **BY_CURSOR).run()
    assert (rows(world), types(world)["extra"]) == ([], "Nullable(Int32)" if world.sink.clickhouse else "integer")


@on(*EVERY)
@pytest.mark.parametrize("load", ["full", "merge", "append"])
def test_a_run_that_dies_is_gone_on_with(world: World, load: str) -> None:
    mode, given, expected = LOADS[load]
    if (load, world.sink.name) == ("append", "ch18"):
        pytest.skip("this server has no MOVE PARTITION")
    loaded(world, mode, given).load(mode, **ADDS, **given)
    for point in (
        "before:add-columns",
        "after-commit:add-columns",
        "before-journal:add-columns",
        "before:check-columns",
        "after-commit:open-attempt",
        "before:record-staged",
        "before:commit-state",
    ):
        faults = death(point)
        with pytest.raises(Died):
            world.outcome(faults=faults)
        assert faults.landed, point
    world.run()
    assert rows(world) == expected
    world.run()
    assert rows(world) == expected


@on("pg18", "chdb")
def test_an_attempt_goes_on_from_a_step_behind_it(world: World) -> None:
    loaded(world, "incremental_merge", BY_CURSOR).load("incremental_merge", **ADDS, **BY_CURSOR)
    with pytest.raises(Died):
        world.outcome(faults=death("after-commit:open-attempt"))
    later = world.outcome(from_step=steps(world)[steps(world).index("open-attempt") + 1])
    assert later.exit_code == 0, later
    assert rows(world) == LOADS["merge"][2]


TWO = "ALTER TABLE orders ADD COLUMN extra int, ADD COLUMN more text"


@on("pg18", "pg15", "chdb", "ch18")
def test_the_table_before_and_the_table_after_and_no_third_one(world: World) -> None:
    world.orders()
    world.source(TWO)
    world.load("incremental_merge", **ADDS, **BY_CURSOR)
    number, wide, text = (
        ("Nullable(Int32)", "Nullable(Int64)", "Nullable(String)")
        if world.sink.clickhouse
        else ("int", "bigint", "text")
    )
    for third, said in (
        (f"ADD COLUMN extra {number}", "more"),
        (f"ADD COLUMN extra {wide}, ADD COLUMN more {text}", "extra"),
        ("DROP COLUMN note", "note"),
    ):
        world.target(f"ALTER TABLE orders_copy {third}")
        outcome = world.fails("DP420")
        assert (outcome.step, said in outcome.message) == ("check-target", True)
        undo = ", ".join(f"DROP COLUMN {name}" for name in ("extra", "more") if f"COLUMN {name} " in third)
        world.target(f"ALTER TABLE orders_copy {undo}" if undo else f"ALTER TABLE orders_copy ADD COLUMN note {text}")
    world.target(f"ALTER TABLE orders_copy ADD COLUMN extra {number}, ADD COLUMN more {text}")
    world.run()
    world.run()


@on("pg18", "chdb")
def test_another_hand_between_the_two_looks(world: World) -> None:
    """The step does not touch a column that is there, and what it is then the second look says."""
    world.orders()
    world.source("ALTER TABLE orders ADD COLUMN extra int")
    world.load("incremental_merge", **ADDS, **BY_CURSOR)
    wide = "Nullable(Int64)" if world.sink.clickhouse else "bigint"
    hand = When("before:add-columns", lambda: world.target(f"ALTER TABLE orders_copy ADD COLUMN extra {wide}"))
    outcome = world.fails("DP420", faults=hand)
    assert (hand.landed, outcome.step) == (True, "check-columns")


@on(*EVERY)
def test_a_dry_run_adds_nothing(world: World) -> None:
    loaded(world, "incremental_merge", BY_CURSOR).load("incremental_merge", **ADDS, **BY_CURSOR)
    planned = world.outcome(dry_run=True)
    assert (planned.exit_code, planned.status) == (0, "planned")
    assert "extra" not in types(world)


@on(*EVERY)
def test_names_stay_names(world: World) -> None:
    world.orders()
    names = [f"{letter}{NASTY.strip()}"[:55] for letter in "ab"]
    listed = [quoted("postgres", name) for name in names]
    world.source(f"ALTER TABLE orders ADD COLUMN {listed[0]} int, ADD COLUMN {listed[1]} text")
    world.source(f"INSERT INTO orders VALUES (1, 1.10, 'x', '2026-01-01', '{world.now()}', 7, 'it''s')")
    world.load("incremental_merge", **ADDS, **BY_CURSOR).run()
    world.run()
    ours = [quoted(world.sink.engine, name) for name in names]
    assert [tuple(map(str, row)) for row in world.asked(f"SELECT {ours[0]}, {ours[1]} FROM orders_copy")] in (
        [("7", "it's")],
        [("7", "it\\'s")],
    )
    world.load("incremental_merge", **ADDS, **BY_CURSOR)
    assert "add-columns" not in steps(world)


@on("pg18", "chdb")
def test_what_is_said_of_old_rows(world: World) -> None:
    loaded(world, "incremental_merge", BY_CURSOR).load("incremental_merge", **ADDS, **BY_CURSOR)
    plan = json.loads((world.bundle / "plan.json").read_text())
    (warning,) = [each for each in plan["decision"]["warnings"] if each["code"] == "old_rows_hold_null"]
    assert "hold NULL in extra until" in warning["message"]
    text = (world.bundle / "plan.md").read_text()
    assert "## The target gets new columns" in text
    assert warning["message"] in text.replace("\\_", "_")
    world.load("full_refresh", **ADDS)
    assert "old_rows_hold_null" not in (world.bundle / "plan.json").read_text()
