"""incremental_merge of a source that keeps its deleted rows: deletes: hard, soft and ignore, against the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from dpone_compiler.verify.meaning.asked import Asked, Cursor, Loaded, Refused, Row, Source, State
from dpone_compiler.verify.meaning.incremental_merge import incremental_merge
from tests.engines.loads.model import Order, order
from tests.engines.loads.world import CURSOR, World, on

GONE = "note = 'gone'"
SINKS = ("pg18", "pg15", "chdb", "ch18")
REPLACING = "ReplacingMergeTree(at, gone)"


def merging(world: World, deletes: str, **given: Any) -> World:
    source = {"cursor": CURSOR, "tombstone": GONE} | given.pop("source", {})
    return world.load("incremental_merge", key=["id"], deletes=deletes, source=source, **given)


def delete(world: World, *ids: int) -> None:
    """What the application does: the row stays and says so."""
    listed = ", ".join(map(str, ids))
    world.source(f"UPDATE orders SET note = 'gone', at = clock_timestamp() WHERE id IN ({listed})")


def means(world: World, before: list[Order], low: str, deletes: str, **asked: Any) -> Loaded | Refused:
    """The model's answer for the rows that the source has now; the window begins at `low`."""
    rows = tuple(_row(each) for each in world.source_rows())
    wish = Asked(
        key=("id",),
        cursor=Cursor("at"),
        tombstone=lambda row: None if row["note"] is None else row["note"] == "gone",
        deletes=deletes,
        **asked,
    )
    state = State(known=True, watermark=datetime.fromisoformat(low + "+00:00"))
    source = Source(rows=rows, horizon=datetime.fromisoformat("2100-01-01T00:00:00+00:00"))
    return incremental_merge(tuple(_row(each) for each in before), source, state, wish)


def _row(each: Order) -> Row:
    return each._asdict()


def agrees(world: World, outcome: Loaded | Refused, *, final: bool = False) -> None:
    world.same([tuple(row[name] for name in Order._fields) for row in outcome.target], final=final)


def marks(world: World) -> Mapping[int, str | None]:
    """When each row was marked."""
    return {
        int(id_): None if at in (None, "\\N") else str(at)
        for id_, at in world.asked("SELECT id, deleted_at FROM orders_copy")
    }


def marked(world: World) -> World:
    """Tables whose target has a mark."""
    world.orders()
    kind = f"Nullable({world.sink.moment})" if world.sink.clickhouse else "timestamptz"
    world.target(f"ALTER TABLE orders_copy ADD COLUMN deleted_at {kind}")
    return world


@on(*SINKS)
@pytest.mark.parametrize("deletes", ["hard", "ignore"])
def test_rows_that_the_source_calls_deleted(world: World, deletes: str) -> None:
    world.orders()
    # 5 was deleted before the first load, 3 has a NULL where the tombstone looks: unknown is not deleted.
    world.insert(*(order(i, f"v1 {i}", f"2026-0{i}-01") for i in (1, 2, 4)), order(3, None), order(5, "gone"))
    merging(world, deletes).run()
    before = [row for row in world.source_rows() if row.id != 5]
    world.same(before)
    now = world.now()
    # 1 and 4 go (4 was alone in its month), 2 changes, 6 is deleted before it was ever seen, 7 is new.
    delete(world, 1, 4)
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 2")
    world.insert(order(6, "gone", at=now), order(7, "new", at=now))
    world.run()
    agrees(world, means(world, before, now, deletes))
    assert {row.id for row in world.rows()} == ({2, 3, 7} if deletes == "hard" else {1, 2, 3, 4, 7})
    after = world.rows()
    world.run()
    world.same(after)
    # 1 comes back.
    world.source("UPDATE orders SET note = 'back', at = clock_timestamp() WHERE id = 1")
    world.run()
    assert [row.note for row in world.rows() if row.id == 1] == ["back"]


@on(*SINKS)
def test_deleted_rows_are_marked_once_and_come_back(world: World) -> None:
    marked(world)
    world.insert(order(1), order(2, day="2026-02-01"), order(3, "", "2026-02-02"))
    merging(world, "soft").run()
    assert marks(world) == {1: None, 2: None, 3: None}
    before = world.rows()
    delete(world, 2)
    world.insert(order(9, "gone", at=world.now()))  # never seen alive, so there is nothing to mark
    world.run()
    world.same(before)
    first = marks(world)
    assert first[1] is first[3] is None
    assert first[2] is not None
    delete(world, 2)
    world.run()  # a mark that is there stays
    assert marks(world) == first
    world.same(before)
    world.source("UPDATE orders SET note = '', at = clock_timestamp() WHERE id = 2")
    world.run()
    assert marks(world) == {1: None, 2: None, 3: None}
    world.same([row for row in world.source_rows() if row.id != 9])


@on("pg18", "chdb", "ch18")
def test_a_flag_as_the_mark_and_no_cursor(world: World) -> None:
    kind = {"pg18": "boolean NOT NULL DEFAULT false", "chdb": "Bool", "ch18": "UInt8"}[world.sink.name]
    world.orders()
    world.target(f"ALTER TABLE orders_copy ADD COLUMN gone {kind}")
    world.insert(order(1), order(2), order(3))
    source, sink = {"tombstone": GONE}, {"options": {"soft_delete": {"column": "gone"}}}
    world.load("incremental_merge", key=["id"], deletes="soft", source=source, sink=sink).run()
    delete(world, 2)
    world.run()
    flags = dict(world.asked("SELECT id, gone FROM orders_copy"))
    assert {int(id_): str(flag).lower() in ("true", "1") for id_, flag in flags.items()} == {
        1: False,
        2: True,
        3: False,
    }


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("leaving", ["keep", "delete"])
def test_a_deleted_row_goes_whatever_the_filter_says(world: World, leaving: str) -> None:
    world.orders()
    world.insert(order(1, "open"), order(2, "open"), order(3, "open"))
    source = {"where": "amount < 100", "tombstone": GONE}
    merging(world, "hard", source=source, on_leave_filter=leaving).run()
    before, now = world.rows(), world.now()
    delete(world, 1)
    world.source("UPDATE orders SET amount = 500, at = clock_timestamp() WHERE id IN (1, 2)")
    world.run()
    agrees(world, means(world, before, now, "hard", on_leave_filter=leaving, where=lambda row: row["amount"] < 100))
    assert {row.id for row in world.rows()} == ({3} if leaving == "delete" else {2, 3})


@on(*SINKS)
@pytest.mark.parametrize("deletes", ["hard", "soft"])
def test_a_key_that_is_deleted_and_alive_is_refused(world: World, deletes: str) -> None:
    marked(world) if deletes == "soft" else world.orders()
    world.insert(order(1), order(2))
    merging(world, deletes).run()
    before, now = world.rows(), world.now()
    world.insert(order(1, "gone", at=now))
    world.source("UPDATE orders SET at = clock_timestamp() WHERE id = 1")
    world.fails("DP504")
    world.same(before)


@on("chdb")
def test_replacing_merge_tree_forgets_deleted_rows(world: World) -> None:
    columns = "id Int64, amount Decimal(18,2), note Nullable(String), day Date, at DateTime64(6, 'UTC'), gone UInt8"
    world.orders(engine=REPLACING, partition="", columns=columns)
    world.insert(order(1), order(2), order(3))
    merging(world, "hard", merge_policy="replacing_merge_tree").run()
    before, now = world.rows(final=True), world.now()
    delete(world, 1)
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 2")
    world.run()
    agrees(world, means(world, before, now, "hard"), final=True)
    assert {row.id for row in world.rows(final=True)} == {2, 3}
    world.source("UPDATE orders SET note = 'back', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.run()
    world.same(world.source_rows(), final=True)


@on("chdb", "ch18")
def test_replacing_merge_tree_without_is_deleted_is_refused(world: World) -> None:
    world.orders(engine="ReplacingMergeTree(at)", partition="")
    said = world.refuses(
        "DP231",
        "incremental_merge",
        key=["id"],
        merge_policy="replacing_merge_tree",
        deletes="hard",
        source={"cursor": CURSOR, "tombstone": GONE},
    )
    assert "23.2" in said


@on("pg18")
def test_swap_and_other_policies_follow_deletes(world: World) -> None:
    for policy, more in (("delete_insert", {}), ("update_insert", {}), ("shadow_swap", {"readers": "tolerant"})):
        world.source("DROP TABLE IF EXISTS orders")
        world.target("DROP TABLE IF EXISTS orders_copy")
        world.orders()
        world.insert(order(1), order(2), order(3))
        merging(world, "hard", name=policy, merge_policy=policy, **more).run()
        delete(world, 1)
        world.run()
        assert {row.id for row in world.rows()} == {2, 3}, policy


@on("pg18")
def test_a_deleted_row_that_stays_is_found(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    merging(world, "hard").run()
    before = world.rows()
    world.target(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER keep BEFORE DELETE ON orders_copy FOR EACH ROW WHEN (old.id = 1) EXECUTE FUNCTION keep()"
    )
    delete(world, 1)
    world.fails("DP510")
    world.same(before)


@on("pg18")
def test_limits_hold_for_deleted_rows(world: World) -> None:
    world.orders()
    world.insert(*(order(i) for i in range(1, 5)))
    merging(world, "hard", sink={"limits": {"max_delete_rows": 1}}).run()
    before = world.rows()
    delete(world, 1, 2)
    world.fails("DP507")
    world.same(before)


@on("pg18")
def test_what_cannot_be_followed_is_refused(world: World) -> None:
    marked(world)
    given = {"key": ["id"], "source": {"cursor": CURSOR, "tombstone": GONE}}
    asked = "incremental_merge"
    assert "cdc_apply" in world.refuses("DP230", asked, deletes="hard", staging_duplicates="latest", **given)
    assert "one of the two" in world.refuses(
        "DP230", asked, deletes="soft", on_leave_filter="delete",
        key=["id"], source=given["source"] | {"where": "amount < 9"},
    )  # fmt: skip
    assert "limits" in world.refuses("DP230", asked, deletes="soft", sink={"limits": {"max_delete_rows": 1}}, **given)
    assert "in place" in world.refuses("DP231", asked, deletes="soft", merge_policy="delete_insert", **given)
    number = {"cursor": {"column": "id", "assigned_by": "database"}, "tombstone": GONE}
    assert "boolean" in world.refuses("DP230", asked, deletes="soft", key=["id"], source=number)
    assert "which rows are deleted" in world.refuses(
        "DP230", asked, deletes="hard", key=["id"], source={"cursor": CURSOR}
    )
    assert "source.tombstone" in world.refuses("DP230", "snapshot_diff", **given)
    assert "a condition is expected" in world.refuses(
        "DP212", asked, deletes="hard", key=["id"], source={"tombstone": "amount + 1"}
    )


@on("pg18", "pg15")
def test_a_mark_shows_the_clock_of_the_cursor(world: World) -> None:
    """A wall clock that is stored as an instant would be taken for UTC, and the mark be off by the zone."""
    world.source("CREATE TABLE orders (id bigint PRIMARY KEY, note text, at timestamp NOT NULL)")
    world.target("CREATE TABLE orders_copy (id bigint PRIMARY KEY, note text, at timestamp, deleted_at timestamptz)")
    source = {"cursor": {"column": "at", "lag": "0 seconds"}, "tombstone": GONE}
    given: dict[str, Any] = {"key": ["id"], "deletes": "soft", "source": source}
    assert "taken for UTC" in world.refuses("DP234", "incremental_merge", **given)
    assert "taken for UTC" in world.refuses(
        "DP234", "incremental_merge", **(given | {"source": source | {"columns": [{"name": "id"}, {"name": "note"}]}})
    )
    world.target("ALTER TABLE orders_copy ALTER deleted_at TYPE timestamp")
    world.load("incremental_merge", **given)
    world.source("INSERT INTO orders VALUES (1, 'a', '2026-01-05 10:00'), (2, 'b', '2026-01-05 10:00')")
    world.run()
    world.source("UPDATE orders SET note = 'gone', at = localtimestamp WHERE id = 2")
    world.run()
    high = datetime.fromisoformat(str(world.state("show")["window_high"]))
    assert world.asked("SELECT id, deleted_at FROM orders_copy ORDER BY id") == [(1, None), (2, high)]
