"""snapshot_diff: the whole source against the target by key; keys that it lacks are deleted, marked or left. Compared with the model."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dpone_compiler.verify.meaning.asked import Asked, Loaded, Refused, Row, Source, State
from dpone_compiler.verify.meaning.snapshot_diff import snapshot_diff
from tests.engines.loads.model import Order, order, ordered
from tests.engines.loads.world import World, on

SINKS = ("pg18", "chdb", "ch18")
NOW = object()
GUARDED = {"sink": {"limits": {"max_delete_ratio": 1.0}}}


def diffing(world: World, policy: str = "hard_delete", **given: Any) -> World:
    """A load that compares by id, its deletes not limited but for what the test says."""
    sink = {"limits": {"max_delete_ratio": 1.0}} | given.pop("sink", {})
    return world.load("snapshot_diff", key=["id"], diff={"delete_policy": policy}, sink=sink, **given)


def marked(world: World, kind: str = "") -> World:
    """The tables of `Order`, the target with a column for the mark."""
    world.orders()
    clickhouse = "Nullable(DateTime('UTC'))" if world.sink.name == "ch18" else "Nullable(DateTime64(6, 'UTC'))"
    world.target(
        f"ALTER TABLE orders_copy ADD COLUMN deleted_at {kind or (clickhouse if world.sink.clickhouse else 'timestamptz')}"
    )
    return world


def means(
    world: World, before: list[Order], policy: str, *, null_target: tuple[Order, ...] = (), **asked: Any
) -> Loaded | Refused:
    """What the model says, rows without their mark."""
    target = tuple(_row(each) for each in (*before, *null_target))
    source = Source(rows=tuple(_row(each) for each in world.source_rows()), now=NOW)
    wish = Asked(key=("id",), deletes=policy.removesuffix("_delete"), mark="gone", **asked)
    if policy == "soft_delete":
        target = tuple({**row, "gone": None} for row in target)
    return snapshot_diff(target, source, State(known=True), wish)


def _row(each: Order) -> Row:
    return each._asdict()


def agrees(world: World, outcome: Loaded | Refused) -> None:
    """The target's rows are those of the model."""
    world.same([tuple(row[name] for name in Order._fields) for row in outcome.target])


@on("pg18", "pg15", "chdb", "ch18")
@pytest.mark.parametrize("policy", ["hard_delete", "ignore"])
def test_new_changed_and_missing_rows(world: World, policy: str) -> None:
    world.orders()
    world.insert(*(order(i, f"v1 {i}", f"2026-0{i}-01") for i in range(1, 7)))
    diffing(world, policy).run()
    before = world.source_rows()
    world.same(before)
    # 1 changes, 2 moves to another partition, 3 and 4 go (3 was alone in its month), 7 is new; 5 loses a value, 6 stays.
    world.source("DELETE FROM orders WHERE id IN (3, 4)")
    world.source("UPDATE orders SET note = 'v2' WHERE id = 1")
    world.source("UPDATE orders SET day = '2026-06-02' WHERE id = 2")
    world.source("UPDATE orders SET note = NULL WHERE id = 5")
    world.insert(order(7, "new", "2026-07-01"))
    world.run()
    agrees(world, means(world, before, policy))
    again = world.rows()
    world.run()
    assert ordered(world.rows()) == ordered(again)


@on("pg18", "pg15", "chdb", "ch18")
def test_soft_deleted_rows_are_marked_once_and_come_back(world: World) -> None:
    marked(world)
    world.insert(order(1), order(2, day="2026-02-01"), order(3, "", "2026-02-02"))
    diffing(world, "soft_delete").run()
    assert marks(world) == {1: None, 2: None, 3: None}
    before = world.source_rows()
    world.source("DELETE FROM orders WHERE id = 2")
    world.run()
    agrees(world, means(world, before, "soft_delete"))
    first = marks(world)
    assert first[1] is first[3] is None
    assert isinstance(first[2], datetime)
    world.run()  # a mark that is there stays
    assert marks(world) == first
    world.insert(order(2, "back", "2026-02-01"))
    world.source("UPDATE orders SET note = NULL WHERE id = 3")
    world.run()
    assert marks(world) == {1: None, 2: None, 3: None}
    world.same(world.source_rows())
    # A row that comes back as it was is revived too.
    world.source("DELETE FROM orders WHERE id = 1")
    world.run()
    world.insert(order(1))
    world.run()
    assert marks(world) == {1: None, 2: None, 3: None}


@on(*SINKS)
def test_a_flag_as_the_mark(world: World) -> None:
    kind = {"pg18": "boolean NOT NULL DEFAULT true", "chdb": "Bool", "ch18": "UInt8"}[world.sink.name]
    world.orders()
    world.target(f"ALTER TABLE orders_copy ADD COLUMN gone {kind}")
    world.insert(order(1), order(2))
    sink = {"limits": {"max_delete_ratio": 1.0}, "options": {"soft_delete": {"column": "gone"}}}
    diffing(world, "soft_delete", sink=sink).run()
    assert flags(world) == {1: False, 2: False}
    world.source("DELETE FROM orders WHERE id = 2")
    world.run()
    assert flags(world) == {1: False, 2: True}
    world.insert(order(2))
    world.run()
    assert flags(world) == {1: False, 2: False}


@on(*SINKS)
def test_an_empty_snapshot_is_refused(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    diffing(world).run()
    before = world.source_rows()
    world.source("DELETE FROM orders")
    world.fails("DP502")
    agrees(world, means(world, before, "hard_delete"))
    world.state("abort", run_id=world.state("show")["run_id"])
    diffing(world, empty_slice="keep").run()
    agrees(world, means(world, before, "hard_delete", empty_slice="keep"))
    diffing(world, empty_slice="clear", sink={}).run()
    agrees(world, means(world, before, "hard_delete", empty_slice="clear"))


@on(*SINKS)
@pytest.mark.parametrize("policy", ["hard_delete", "soft_delete"])
@pytest.mark.parametrize(
    ("limits", "allowed"),
    [({"max_delete_rows": 2}, 2), ({"max_delete_ratio": 0.5}, 2), ({}, 2), ({"max_delete_ratio": 0}, 0)],
)
def test_too_many_deletes_stop_before_anything_changes(
    world: World, policy: str, limits: dict[str, Any], allowed: int
) -> None:
    marked(world) if policy == "soft_delete" else world.orders()
    world.insert(*(order(i) for i in range(1, 5)))
    diffing(world, policy, sink={"limits": limits}).run()
    before = world.source_rows()
    world.source(f"UPDATE orders SET note = 'v2'; DELETE FROM orders WHERE id <= {allowed + 1}")
    outcome = means(world, before, policy, **(limits or {"max_delete_ratio": 0.5}))
    assert isinstance(outcome, Refused)
    world.fails("DP507")
    agrees(world, outcome)
    if allowed:
        world.insert(order(1, "back"))
        world.state("abort", run_id=world.state("show")["run_id"])
        world.run()
        agrees(world, means(world, before, policy, **(limits or {"max_delete_ratio": 0.5})))


@on(*SINKS)
def test_marked_rows_do_not_count_for_the_guard(world: World) -> None:
    marked(world)
    world.insert(*(order(i) for i in range(1, 5)))
    diffing(world, "soft_delete", sink={"limits": {"max_delete_ratio": 0.5}}).run()
    world.source("DELETE FROM orders WHERE id <= 2")
    world.run()
    world.source("DELETE FROM orders WHERE id = 3")  # one of two that live
    world.run()
    assert [id_ for id_, mark in marks(world).items() if mark is None] == [4]


@on("pg18", "chdb")
def test_rows_of_the_target_with_a_null_key_survive(world: World) -> None:
    world.orders(key="", order_by="tuple()")
    survivors = [order(None, "s1"), order(None, "s2", "2026-02-01")]
    world.insert_target(*survivors, order(2, "old", "2026-02-01"), order(3, "goes", "2026-02-01"))
    world.insert(order(1), order(2, "new", "2026-01-05"))
    diffing(world)
    world.state("adopt", watermark="")
    before = [order(2, "old", "2026-02-01"), order(3, "goes", "2026-02-01")]
    world.run()
    agrees(world, means(world, before, "hard_delete", null_target=tuple(survivors)))


@on(*SINKS)
def test_null_keys_and_duplicates_of_the_source_are_refused(world: World) -> None:
    world.orders(key="", order_by="tuple()")
    world.insert(order(1), order(None))
    diffing(world).fails("DP503")
    world.state("abort", run_id=world.state("show")["run_id"])
    world.source("UPDATE orders SET id = 1")
    world.fails("DP504")
    world.same([])


@on(*SINKS)
def test_rows_that_leave_the_filter_are_missing(world: World) -> None:
    world.orders()
    world.insert(order(1, "open"), order(2, "open"), order(3, "closed"))
    diffing(world, source={"where": "note <> 'closed'"}).run()
    world.source("UPDATE orders SET note = CASE id WHEN 1 THEN 'closed' ELSE NULL END WHERE id < 3")
    world.insert(order(4, "open"))
    world.run()
    world.same([order(4, "open")])


@on(*SINKS)
def test_an_empty_text_is_not_null(world: World) -> None:
    if world.sink.clickhouse:
        world.orders(order_by="id")
        world.target("ALTER TABLE orders_copy MODIFY COLUMN note Nullable(String)")
    else:
        world.orders()
    world.insert(order(1, ""), order(2, None))
    diffing(world).run()
    world.source("UPDATE orders SET note = CASE id WHEN 2 THEN '' END")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_keys_that_are_written_differently_are_one_key(world: World) -> None:
    world.source("CREATE TABLE orders (id numeric NOT NULL, at timestamptz NOT NULL)")
    world.make_target(
        columns="id Decimal(18,4), at DateTime64(6,'UTC')" if world.sink.clickhouse else "id numeric, at timestamptz",
        partition="",
    )
    world.source("INSERT INTO orders VALUES (1.5, '2026-01-01'), (2, '2026-01-01')")
    diffing(world, sink={"limits": {"max_delete_rows": 0}}).run()
    world.source("UPDATE orders SET id = id * 1.00")
    world.run()
    assert world.count() == 2


@on("pg18", "chdb")
def test_a_key_of_two_columns(world: World) -> None:
    world.orders(order_by="(id, day)")
    world.insert(order(1), order(1, day="2026-02-01"), order(2))
    load = {"diff": {"delete_policy": "hard_delete"}, "sink": {"limits": {"max_delete_ratio": 1.0}}}
    world.load("snapshot_diff", key=["id", "day"], **load).run()
    world.source("DELETE FROM orders WHERE day = '2026-02-01'; UPDATE orders SET note = 'v2' WHERE id = 2")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_the_mark_must_be_there_and_fit(world: World) -> None:
    world.orders()
    given: dict[str, Any] = {"key": ["id"], "diff": {"delete_policy": "soft_delete"}}
    assert "no column 'deleted_at'" in world.refuses("DP233", "snapshot_diff", **given)
    world.target("ALTER TABLE orders_copy ADD COLUMN deleted_at " + ("String" if world.sink.clickhouse else "text"))
    assert "cannot be used as mark" in world.refuses("DP234", "snapshot_diff", **given)
    given["sink"] = {"options": {"soft_delete": "note"}}
    world.refuses("DP235", "snapshot_diff", **given)


@on("pg18", "chdb")
def test_what_it_cannot_mean_is_refused(world: World) -> None:
    world.orders()
    filtered = {"source": {"where": "note = 'open'"}, "on_leave_filter": "delete"}
    assert "diff.delete_policy" in world.refuses("DP230", "snapshot_diff", key=["id"], **filtered)
    world.refuses("DP040", "snapshot_diff")


def marks(world: World) -> dict[int, datetime | None]:
    """The mark of each row."""
    if not world.sink.clickhouse:
        return dict(world.asked("SELECT id, deleted_at FROM orders_copy"))
    found = world.asked("SELECT id, toString(deleted_at) FROM orders_copy")
    return {int(id_): None if at in ("\\N", "") else datetime.fromisoformat(at) for id_, at in found}


def flags(world: World) -> dict[int, bool]:
    """The flag of each row."""
    found = world.asked("SELECT id, gone FROM orders_copy")
    return {int(id_): gone in (True, "1", "true") for id_, gone in found}
