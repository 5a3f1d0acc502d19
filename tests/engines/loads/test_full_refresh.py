"""full_refresh: afterwards the target holds exactly the selected rows."""

from __future__ import annotations

from tests.engines.loads import model
from tests.engines.loads.model import order
from tests.engines.loads.world import EVERYWHERE, World, on

MONTHLY = {"partition": {"column": "day", "by": "month"}}


@on(*EVERYWHERE)
def test_first_load_again_and_changes(world: World) -> None:
    world.orders()
    world.insert(order(1, "a\tb\nc\\"), order(2, None, "2026-02-01"), order(3, "", "2026-03-01"))
    world.load("full_refresh").run()
    world.same(model.full_refresh(world.source_rows()))
    world.run()
    world.same(model.full_refresh(world.source_rows()))
    world.source("DELETE FROM orders WHERE id = 1; UPDATE orders SET day = '2026-04-01' WHERE id = 2")
    world.insert(order(4, "ünï ✓", "2026-05-01"))
    world.run()
    world.same(model.full_refresh(world.source_rows()))


@on("pg18", "chdb", "ch18")
def test_a_filter_and_renamed_columns(world: World) -> None:
    world.orders()
    world.insert(order(1, "open"), order(2, "closed"), order(3, None))
    world.source("ALTER TABLE orders RENAME COLUMN note TO remark")
    columns = ["id", "amount", {"name": "remark", "as": "note"}, "day", "at"]
    world.load("full_refresh", source={"where": "remark <> 'closed'", "columns": columns}).run()
    world.same([order(1, "open")])


@on("pg18")
def test_a_filter_means_what_its_words_mean_to_postgres(world: World) -> None:
    """A month and a day and a half, which a rewriting parser takes for a minute and for a day."""
    world.orders()
    world.insert(*(order(number, str(number)) for number in (1, 2, 3, 4)))
    for number, age in ((1, "29 days"), (2, "40 days"), (3, "30 hours"), (4, "40 hours")):
        world.source(f"UPDATE orders SET at = now() - interval '{age}' WHERE id = {number}")
    rows = {row.id: row for row in world.source_rows()}
    world.load("full_refresh", source={"where": "at > now() - interval 'P1M' -- a month"}).run()
    world.same([rows[1], rows[3], rows[4]])
    world.load("full_refresh", source={"where": "at > now() - interval '1 day 12:00:00'"}).run()
    world.same([rows[3]])


@on("pg18", "chdb", "ch18")
def test_an_empty_source_fails_or_clears(world: World) -> None:
    world.orders()
    world.insert(order(1))
    world.load("full_refresh").run()
    world.source("DELETE FROM orders")
    world.fails("DP502")
    world.same([order(1)])
    world.refuses("DP230", "full_refresh", empty_slice="keep")
    world.load("full_refresh", empty_slice="clear").run()
    world.same([])


@on("chdb", "ch18")
def test_an_unpartitioned_target(world: World) -> None:
    world.orders(partition="")
    world.insert(order(1), order(2))
    world.load("full_refresh").run()
    world.source("DELETE FROM orders WHERE id = 1")
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_a_materialized_view_is_not_cut_off(world: World) -> None:
    world.orders()
    world.target("CREATE MATERIALIZED VIEW v ENGINE = MergeTree ORDER BY id AS SELECT id FROM orders_copy")
    world.insert(order(1), order(2, day="2026-02-01"))
    world.load("full_refresh").run()
    assert "hangs on the target, and an exchange would cut it off" in (world.bundle / "plan.md").read_text()
    world.source("DELETE FROM orders WHERE id = 2")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
def test_duplicates_are_rows_like_others_without_a_key_and_refused_with_one(world: World) -> None:
    world.orders()
    world.insert(order(1), order(1))
    world.load("full_refresh").run()
    world.same(world.source_rows())
    world.load("full_refresh", key=["id"]).fails("DP504")


@on("pg18")
def test_tolerant_readers_get_truncate(world: World) -> None:
    world.orders()
    world.insert(order(1))
    world.load("full_refresh", readers="tolerant").run()
    world.source("UPDATE orders SET note = 'v2'")
    world.run()
    world.same(world.source_rows())
    assert any("TRUNCATE" in path.read_text() for path in world.bundle.glob("steps/*"))
