"""shadow_swap on Postgres: the new target is built and proved beside the old one, and takes its name in the state's transaction."""

from __future__ import annotations

import psycopg
import pytest

from tests.engines.loads import model
from tests.engines.loads.model import order
from tests.engines.loads.test_attach_detach import POSTGRES, ask, reading
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import CURSOR, World, on

SWAPPING = {"merge_policy": "shadow_swap", "readers": "tolerant"}


def swapping(world: World, mode: str = "full_refresh", **given: object) -> World:
    return world.load(mode, **{**SWAPPING, **given})


def structure(world: World) -> list[tuple[object, ...]]:
    """Everything about the target that its users could miss, its indexes and constraints by name among it."""
    granted = "array_agg(a.attname || a.attacl::text ORDER BY a.attname) FROM pg_attribute a WHERE attrelid = c.oid AND attacl IS NOT NULL"
    checked = "array_agg(conname || d ORDER BY conname) FROM pg_constraint k, pg_get_constraintdef(k.oid) d WHERE conrelid = c.oid"
    return ask(
        world,
        "SELECT c.relowner::regrole::text, c.relacl::text, obj_description(c.oid, 'pg_class'), c.reloptions, c.relreplident,"
        f" (SELECT {granted}), (SELECT {checked}),"
        " (SELECT array_agg(indexdef ORDER BY indexname) FROM pg_indexes WHERE tablename = 'orders_copy'),"
        " (SELECT array_agg(column_default ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'orders_copy')"
        " FROM pg_class c WHERE c.oid = 'orders_copy'::regclass",
    )


@on(*POSTGRES)
def test_full_refresh_takes_over_what_hangs_on_the_target(world: World) -> None:
    world.orders()
    reader = f"dponec_reader_{world.target_url.rpartition('/')[2].lower()}"[:60]
    world.target(f'CREATE ROLE "{reader}"')
    try:
        world.target(
            "ALTER TABLE orders_copy ADD PRIMARY KEY (id), ADD CHECK (amount > 0), ALTER note SET DEFAULT 'none';"
            " CREATE INDEX by_note ON orders_copy (lower(note)) WHERE note <> ''; CREATE UNIQUE INDEX by_both ON orders_copy (day, id);"
            f' GRANT SELECT ON orders_copy TO "{reader}"; GRANT UPDATE (note) ON orders_copy TO "{reader}";'
            " COMMENT ON TABLE orders_copy IS 'it''s a copy'; ALTER TABLE orders_copy SET (fillfactor = 70)"
        )
        expected = structure(world)
        world.insert(order(1), order(2), order(3))
        swapping(world).run()
        world.same(world.source_rows())
        world.source("DELETE FROM orders WHERE id = 1")
        world.run()
        world.same(world.source_rows())
        assert structure(world) == expected
        mutate(world, "exchange-tables", lambda text: text.replace("EXECUTE format('GRANT", "PERFORM format('GRANT"))
        world.run()
        assert structure(world) != expected
    finally:
        world.target(f'DROP OWNED BY "{reader}"; DROP ROLE "{reader}"')


@on(*POSTGRES)
def test_merge_keeps_the_other_rows_and_those_without_a_key(world: World) -> None:
    world.orders(key="")
    world.target("ALTER TABLE orders_copy ADD hand text DEFAULT 'mine'")
    world.insert(*(order(i) for i in range(1, 5)))
    swapping(
        world,
        "incremental_merge",
        key=["id"],
        source={"cursor": CURSOR, "where": "note <> 'closed'"},
        on_leave_filter="delete",
    )
    world.insert_target(order(None, "without a key"), order(9, "other"))
    world.target("UPDATE orders_copy SET hand = 'kept' WHERE id = 9")
    world.state("adopt", watermark="")
    world.run()
    before, now = world.rows(), world.now()
    world.same([*world.source_rows(), order(None, "without a key"), order(9, "other")])
    world.source(f"UPDATE orders SET note = 'v2', at = '{now}+00' WHERE id = 1")
    world.source(f"UPDATE orders SET note = 'closed', at = '{now}+00' WHERE id = 2")
    world.run()
    changed = [row for row in world.source_rows() if row.id in (1, 2)]
    world.same(
        model.merge(
            before, world.source_rows(), changed.__contains__, lambda row: row.note != "closed", delete_left=True
        )
    )
    assert ask(world, "SELECT hand FROM orders_copy WHERE id = 9") == [("kept",)]


@on("pg18")
@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("CREATE VIEW seen AS SELECT id FROM orders_copy", "view seen"),
        (
            "ALTER TABLE orders_copy ADD UNIQUE (id); CREATE TABLE lines (id bigint REFERENCES orders_copy (id))",
            "refers to it",
        ),
        ("CREATE PUBLICATION pub FOR TABLE orders_copy", "publication pub"),
        ("ALTER TABLE orders_copy ADD n bigint GENERATED ALWAYS AS IDENTITY", "identity sequence of n"),
        ("ALTER TABLE orders_copy ADD n bigserial", "sequence orders_copy_n_seq"),
        ("CREATE TABLE child () INHERITS (orders_copy)", "child"),
    ],
)
def test_what_would_go_on_pointing_at_the_old_table_is_refused_by_name(world: World, made: str, named: str) -> None:
    world.orders()
    world.insert(order(1))
    swapping(world)
    world.target(made)
    world.fails("DP420")
    world.same([])
    assert named in world.refuses("DP231", "full_refresh", **SWAPPING)
    assert "readers: tolerant" in world.refuses("DP231", "full_refresh", merge_policy="exchange") or named


@on("pg18")
def test_readers_have_to_be_tolerant(world: World) -> None:
    world.orders()
    assert "an older snapshot would see no rows" in world.refuses("DP231", "full_refresh", merge_policy="exchange")


@on(*POSTGRES)
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_reader_in_a_loop(world: World, level: str) -> None:
    world.orders()
    world.insert(*(order(i) for i in range(1, 101)))
    swapping(world).run()
    world.source("DELETE FROM orders WHERE id <= 40")
    with reading(world, level) as seen:
        while not seen:
            pass
        world.run()
        after = len(seen)
        while len(seen) < after + 2:
            pass
    assert set(seen) <= ({100, 60} if level == "READ COMMITTED" else {100, 60, 0}), set(seen)
    assert seen[0] == 100 and seen[-1] == 60


@on(*POSTGRES)
def test_an_old_snapshot_sees_what_the_plan_says(world: World) -> None:
    world.orders()
    world.target("CREATE TABLE other (a int)")
    world.insert(order(1), order(2))
    swapping(world).run()
    with psycopg.connect(world.target_url) as fresh, psycopg.connect(world.target_url) as used:
        for session in (fresh, used):
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        fresh.execute("SELECT count(*) FROM other")
        world.run()
        assert fresh.execute("SELECT count(*) FROM orders_copy").fetchone() == (0,)
        assert "sees NO rows" in (world.bundle / "plan.md").read_text()
        fresh.rollback()
        assert used.execute("SELECT count(*) FROM orders_copy").fetchone() == (2,)
        swapping(world, sink={"limits": {"lock_timeout": 1}})
        held = world.outcome()
        assert (held.code, held.exit_code) == ("DP422", 5), held
        assert used.execute("SELECT count(*) FROM orders_copy").fetchone() == (2,)
        used.rollback()
    world.run()
    world.same(world.source_rows())


@on("pg18")
def test_a_shadow_that_lost_rows_never_becomes_the_target(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2), order(3))
    swapping(world)
    mutate(world, "build-shadow", lambda text: text.replace('_rows";', '_rows" WHERE "id" <> 2;'))
    world.fails("DP510")
    world.same([])
    mutate(
        world,
        "build-shadow",
        lambda text: text.replace('"amount", "note"', '"note", "amount"').replace('WHERE "id" <> 2', ""),
    )
    assert world.outcome().exit_code != 0
    world.same([])


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("limit", [{"max_delete_rows": 2}, {"max_delete_ratio": 0.3}])
@pytest.mark.parametrize("mode", ["full_refresh", "partition_replace", "replace"])
def test_limits_on_deleted_rows(world: World, mode: str, limit: dict[str, object]) -> None:
    """dpone's report D33: a source that was truncated emptied the target."""
    world.orders()
    world.insert(*(order(i) for i in range(1, 11)))
    scope = {
        "options": {"portable_scope": {"kind": "range", "column": "day", "lower": "2026-01-01", "upper": "2026-02-01"}}
    }
    given = {
        "full_refresh": {},
        "partition_replace": {"partition": {"column": "day", "by": "month"}},
        "replace": {"source": scope},
    }[mode]
    world.load(mode, sink={"limits": limit}, **given).run()
    world.source("DELETE FROM orders WHERE id <= 2")
    world.run()
    world.same(world.source_rows())
    before = world.rows()
    world.source("DELETE FROM orders WHERE id <= 5")
    world.fails("DP507")
    world.same(before)


# ---- ClickHouse: one EXCHANGE ----------------------------------------------------------------------------------------


@on("chdb")
def test_on_clickhouse_other_rows_and_those_without_a_key_stay(world: World) -> None:
    world.orders(key="", order_by="tuple()")
    world.insert(*(order(i, day=f"2026-0{i}-01") for i in range(1, 5)))
    world.load(
        "incremental_merge",
        key=["id"],
        merge_policy="shadow_swap",
        source={"cursor": CURSOR, "where": "note <> 'closed'"},
        on_leave_filter="delete",
    )
    world.insert_target(order(None, "without a key"), order(9, "other"))
    world.state("adopt", watermark="")
    world.run()
    kept = [order(None, "without a key"), order(9, "other")]
    world.same([*world.source_rows(), *kept])
    now = world.now()
    world.source(f"UPDATE orders SET note = 'closed', at = '{now}+00' WHERE id = 2")
    world.source(f"UPDATE orders SET note = 'v2', day = '2026-03-09', at = '{now}+00' WHERE id = 1")
    world.run()
    world.same([*(row for row in world.source_rows() if row.id != 2), *kept])
    assert world.leftovers() == []


@on("chdb")
def test_on_clickhouse_a_new_table_that_lost_rows_is_not_exchanged(world: World) -> None:
    """The proof comes before the exchange, and it asks for the rows that stay too."""
    world.orders()
    world.insert(order(1), order(2))
    world.load("incremental_merge", key=["id"], merge_policy="shadow_swap", source={"cursor": CURSOR}).run()
    before = world.rows()
    world.insert(order(3, at=world.now()))
    mutate(world, "build-shadow", lambda text: text.replace("`id` NOT IN", "0 AND `id` NOT IN"))
    assert world.outcome().code == "DP510"
    world.same(before)


@on("chdb", "ch18")
def test_on_clickhouse_what_cannot_be_exchanged_is_refused(world: World) -> None:
    world.orders()
    asked = {"key": ["id"], "merge_policy": "shadow_swap", "source": {"cursor": CURSOR}}
    if world.sink.name == "chdb":
        world.target("CREATE MATERIALIZED VIEW seen ENGINE = MergeTree ORDER BY id AS SELECT id FROM orders_copy")
    named = {"chdb": "materialized view", "ch18": "offers partition_rewrite"}[world.sink.name]
    assert named in world.refuses("DP231", "incremental_merge", **asked)
