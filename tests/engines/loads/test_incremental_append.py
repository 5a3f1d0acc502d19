"""incremental_append: the rows of the window are added, each once."""

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.engine_fixtures import run_clickhouse
from tests.engines.loads import model
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

APPENDING = ("pg18", "pg15", "chdb")


def appending(world: World, **given: object) -> World:
    return world.load("incremental_append", **({"source": {"cursor": CURSOR}} | given))


@on(*APPENDING)
def test_new_rows_are_added_and_changed_rows_too(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"))
    appending(world).run()
    before = world.source_rows()
    world.same(before)
    world.run()
    world.same(before)
    now = world.now()
    world.source("DELETE FROM orders WHERE id = 2")
    world.insert(order(3, at=now), order(1, "again", "2026-02-02", now))
    world.run()
    world.same(model.append(before, world.source_rows(), lambda row: row.at == order(0, at=now).at))


@on("pg18", "chdb")
def test_equal_rows_are_all_kept(world: World) -> None:
    world.orders()
    world.insert(order(1), order(1), order(1))
    appending(world).run()
    world.same(world.source_rows())


@on("chdb")
def test_an_unpartitioned_target(world: World) -> None:
    world.orders(partition="")
    world.insert(order(1))
    appending(world).run()
    world.insert(order(2, at=world.now()))
    world.run()
    world.same(world.source_rows())


@on("ch18")
def test_without_move_partition_it_is_refused(world: World) -> None:
    """With the version that is needed and what fits instead; and the server that is there does lack the statement."""
    world.orders()
    told = world.refuses("DP230", "incremental_append", source={"cursor": CURSOR})
    assert "MOVE PARTITION TO TABLE (ClickHouse 20.1)" in told
    assert "use incremental_merge or partition_replace" in told
    world.target("CREATE TABLE staged AS orders_copy")
    with pytest.raises(RuntimeError, match="Syntax error"):
        world.target("ALTER TABLE staged MOVE PARTITION 202601 TO TABLE orders_copy")
    assert world.count() == 0


@on("ch18")
def test_an_insert_that_is_cut_off_leaves_a_part_of_its_rows(world: World) -> None:
    """Why no guard by run id stands in for the missing statement: what is left of such an INSERT would have to be taken back."""
    world.make_target(partition="")
    blocks = "&max_block_size=10&min_insert_block_size_rows=10&min_insert_block_size_bytes=1"
    rows = "SELECT number + throwIf(number = 95), 1, '', toDate('2026-01-01'), now() FROM system.numbers LIMIT 1000"
    with pytest.raises(RuntimeError, match="throwIf"):
        run_clickhouse(world.target_url + blocks, f"INSERT INTO orders_copy {rows}")
    assert 0 < world.count() <= 95


@on("pg18", "chdb")
@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        ({**CURSOR, "lookback": "1 hour"}, "DP222"),
        ({**CURSOR, "nulls": "always_read"}, "DP223"),
        ({"column": "note", "lag": "1 hour"}, "DP205"),
        ({"column": "nothing", "lag": "1 hour"}, "DP202"),
    ],
)
def test_cursors_that_would_repeat_or_lose_rows(world: World, cursor: dict[str, str], code: str) -> None:
    world.orders()
    world.refuses(code, "incremental_append", source={"cursor": cursor})


@on("pg18", "chdb")
def test_a_row_that_commits_after_the_run_arrives_with_the_next(world: World) -> None:
    """Its timestamp is older than the run, so a window that ends at the clock would lose it."""
    world.orders()
    with psycopg.connect(world.source_url) as late, psycopg.connect(world.source_url) as early:
        late.execute("INSERT INTO orders VALUES (1, 1, 'late', '2026-01-01', now())")
        early.execute("INSERT INTO orders VALUES (2, 1, 'early', '2026-01-01', now())")
        early.commit()
        appending(world).run()
        assert {row.id for row in world.rows()} <= {2}
        late.commit()
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_date_cursor_never_includes_today(world: World) -> None:
    world.orders()
    world.source("INSERT INTO orders SELECT i, i, '', current_date - i, now() FROM generate_series(0, 3) i")
    appending(world, source={"cursor": {"column": "day", "assigned_by": "database"}}).run()
    assert {row.id for row in world.rows()} == {1, 2, 3}
    world.run()
    assert world.count() == 3


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("lag", [None, "1 second"])
def test_a_sequence_cursor(world: World, lag: str | None) -> None:
    world.orders()
    cursor = {"column": "id", "assigned_by": "database"} if lag is None else {"column": "id", "lag": lag}
    mode = "incremental_merge" if world.sink.name == "ch18" else "incremental_append"
    world.insert(order(1), order(2))
    world.load(mode, key=["id"], source={"cursor": cursor}).run()
    world.same(world.source_rows())
    world.source("UPDATE orders SET note = 'unseen' WHERE id = 1")
    world.insert(order(3))
    world.run()
    world.same([order(1), order(2), order(3)])


def _numbered(world: World) -> None:
    world.orders()
    world.source("CREATE SEQUENCE numbers; ALTER TABLE orders ALTER id SET DEFAULT nextval('numbers')")
    appending(world, source={"cursor": {"column": "id", "assigned_by": "database"}}).run()


_WRITES = "INSERT INTO orders SELECT {}, 1, '', '2026-01-01', now()"


@on("pg18", "chdb")
def test_a_number_that_an_insert_takes_is_waited_for_and_one_taken_before_is_not(world: World) -> None:
    _numbered(world)
    takes = _WRITES.format("nextval('numbers')")
    with psycopg.connect(world.source_url) as writer:
        writer.execute(takes.encode())
        world.source(takes)
        threading.Timer(0.5, writer.commit).start()
        world.run()
    world.same(world.source_rows())
    with psycopg.connect(world.source_url) as early:
        number = early.execute("SELECT nextval('numbers')").fetchone()
        world.source(takes)
        world.run()
        early.execute(_WRITES.format("%s").encode(), number)
    world.run()
    assert {row.id for row in world.source_rows()} - {row.id for row in world.rows()} == {3}
    assert "numbers that were taken before their writer touched the table" in (world.bundle / "plan.md").read_text()


@on("pg18")
def test_a_sequence_that_hands_out_numbers_in_advance_is_refused(world: World) -> None:
    """The column does not own it: its default calls it."""
    _numbered(world)
    world.source("ALTER SEQUENCE numbers CACHE 50")
    assert "CACHE above 1" in world.fails("DP430").message


@on("pg18", "chdb")
def test_rows_of_a_materialized_view_come_late(world: World) -> None:
    """A REFRESH brings rows that were stamped before the last window ended."""
    world.orders()
    world.source("ALTER TABLE orders RENAME TO written; CREATE MATERIALIZED VIEW orders AS TABLE written")
    nulls = {"nulls": "fail"}
    assert "materialized view" in appending(world, source={"cursor": {**CURSOR, **nulls}}).fails("DP430").message
    world.source("INSERT INTO written VALUES (1, 1, 'v1', '2026-01-01', clock_timestamp() - interval '2 seconds')")
    appending(world, source={"cursor": {"column": "at", "lag": "1 hour", **nulls}}).run()
    world.source("REFRESH MATERIALIZED VIEW orders")
    appending(world, source={"cursor": {"column": "at", "lag": "1 second", **nulls}}).run()
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize("mode", ["incremental_append", "incremental_merge", "full_refresh"])
def test_a_target_that_is_not_empty_must_be_adopted(world: World, mode: str) -> None:
    world.orders()
    old = order(9, "was here", at="2020-01-01")
    world.insert_target(old)
    world.insert(order(1))
    world.load(mode, key=["id"], source={} if mode == "full_refresh" else {"cursor": CURSOR}).fails("DP411")
    world.same([old])
    # An append says where it goes on: rows of its window must be its own.
    world.state("adopt", watermark="2021-01-01 00:00:00+00:00" if mode == "incremental_append" else "")
    world.run()
    world.same([order(1)] if mode == "full_refresh" else [old, order(1)])


@on("pg18")
def test_an_append_into_a_window_that_others_filled_is_refused(world: World) -> None:
    world.orders()
    old = order(9, "was here", at="2020-01-01")
    world.insert_target(old)
    world.insert(order(1))
    appending(world)
    world.state("adopt", watermark="")
    world.fails("DP510")
    world.same([old])


@on("chdb")
def test_rows_of_others_in_the_window_stop_the_run_before_anything_moves(world: World) -> None:
    world.orders()
    world.insert(order(1))
    appending(world).run()
    now = world.now()
    world.insert(order(2, at=now))
    world.target(
        "INSERT INTO orders_copy (id, amount, note, day, at) SETTINGS async_insert = 0 "
        f"VALUES (99, 1, 'foreign', '2026-01-01', '{now}')"
    )
    world.fails("DP512")
    assert world.count() == 2
    world.target("ALTER TABLE orders_copy DELETE WHERE id = 99 SETTINGS mutations_sync = 2")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_null_cursor_outside_of_the_filter_stops_nothing(world: World) -> None:
    world.orders(at="")
    world.insert(order(1, "open"), order(2, "closed", at=None))
    source = {"cursor": {**CURSOR, "nulls": "fail"}, "where": "note = 'open'"}
    appending(world, source=source).run()
    world.same([order(1, "open")])
    world.insert(order(3, "open", at=None))
    world.fails("DP508")


@on("pg18", "chdb")
def test_a_cursor_without_a_zone_in_a_database_with_one(world: World) -> None:
    """The wall clock of the writers is the database's zone; a window in UTC would be hours off."""
    database = world.source_url.rpartition("/")[2].partition("?")[0]
    world.source(f"ALTER DATABASE {database} SET TimeZone = 'Asia/Tokyo'")
    world.source("CREATE TABLE orders (id int NOT NULL, at timestamp NOT NULL)")
    moment = "DateTime64(6, 'UTC')" if world.sink.clickhouse else "timestamp"
    world.make_target(columns=f"id {'Int32' if world.sink.clickhouse else 'int'}, at {moment}", partition="")
    write = "INSERT INTO orders VALUES ({}, (clock_timestamp() AT TIME ZONE 'Asia/Tokyo') + interval '{}')"
    world.source(write.format(1, "-1 second"))
    world.source(write.format(2, "1 hour"))
    appending(world).run()
    assert world.count() == 1
    world.source(write.format(3, "0"))
    world.run()
    assert world.count() == 2
