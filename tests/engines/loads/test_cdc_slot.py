"""cdc_apply from a slot: the target follows the source through commits, key changes, truncates, faults and lost slots."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.runtime.outcome import RefusedError
from tests.engines.loads.slot import LONG, Streamed
from tests.engines.loads.world import Sink, World, on

SINKS = ("pg18", "pg15")
EVERYWHERE = (*SINKS, "chdb", "ch18")


@pytest.fixture
def world(sink: Sink, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """The source is of the sink's version: 15 speaks the same protocol, and its catalogs lack columns of 18."""
    source = request.getfixturevalue("pg_debian_db" if sink.name == "pg15" else "pg_wheel_db")
    target = request.getfixturevalue(sink.fixture)
    tier = "postgres_debian" if sink.name == "pg15" else "postgres_wheel"
    return World(sink=sink, source_url=source(), target_url=target(), folder=tmp_path, source_tier=tier)


@on(*EVERYWHERE)
def test_a_copy_then_changes(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes SELECT n, 'open', 'body ' || n, n FROM generate_series(1, 50) AS n")
    world.run()
    streamed.same()
    world.source("UPDATE notes SET status = 'closed' WHERE id <= 10")
    world.source("DELETE FROM notes WHERE id > 45")
    world.source(
        r"INSERT INTO notes VALUES (100, NULL, E'tab\t back\\slash \n line \r N: \\N', NULL), (101, '', '', 0)"
    )
    world.run()
    streamed.same()
    world.run()
    streamed.same()
    assert streamed.confirmed() == streamed.watermark()


@on(*EVERYWHERE)
def test_transactions_that_interleave_are_applied_by_commit(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'start', NULL, 0), (2, 'start', NULL, 0)")
    world.run()
    with psycopg.connect(world.source_url) as first, psycopg.connect(world.source_url) as second:
        # `first` writes row 1 before `second` does, in the WAL, and frees it by rolling back to a savepoint.
        first.execute("UPDATE notes SET status = 'first' WHERE id = 2")
        second.execute("UPDATE notes SET status = 'second' WHERE id = 1")
        second.execute("INSERT INTO notes VALUES (3, 'second', NULL, 0)")
        first.execute("INSERT INTO notes VALUES (4, 'first', NULL, 0)")
        second.execute("DELETE FROM notes WHERE id = 3")
        second.commit()
        first.execute("UPDATE notes SET status = 'late' WHERE id = 1")  # written and committed after `second`
        first.execute("INSERT INTO notes VALUES (3, 'first', NULL, 0)")
        first.commit()
    world.run()
    streamed.same()
    assert [row[1] for row in streamed.target_rows()] == ["late", "first", "first", "first"]


@on(*SINKS)
@pytest.mark.parametrize("identity", ["DEFAULT", "FULL"])
def test_keys_move_and_come_back(world: World, identity: str) -> None:
    streamed = Streamed(world, identity=identity)
    world.source("INSERT INTO notes SELECT n, 'open', repeat('x', 4000) || n, n FROM generate_series(1, 6) AS n")
    world.run()
    world.source("UPDATE notes SET id = id + 100 WHERE id = 1")  # the large value stays where it is
    world.source("UPDATE notes SET status = 'moved on' WHERE id = 101")
    world.source("UPDATE notes SET id = 1 WHERE id = 2")  # into the key that was left
    world.source("UPDATE notes SET body = 'short' WHERE id = 3; UPDATE notes SET id = 103 WHERE id = 3")
    world.source("UPDATE notes SET id = 203 WHERE id = 103; UPDATE notes SET amount = 7 WHERE id = 203")
    world.source("DELETE FROM notes WHERE id = 4; INSERT INTO notes VALUES (4, 'new', NULL, NULL)")
    world.source("UPDATE notes SET id = 105 WHERE id = 5; DELETE FROM notes WHERE id = 105")
    world.run()
    streamed.same()


@on(*EVERYWHERE)
def test_a_large_value_that_did_not_change_keeps_its_value(world: World) -> None:
    streamed = Streamed(world)
    for number in (1, 2, 3):
        world.source("INSERT INTO notes VALUES (%s, 'a', %s, 1)", [(number, f"{number}{LONG}")])
    world.run()
    world.source("UPDATE notes SET status = 'b' WHERE id = 1")  # from the target
    world.source("UPDATE notes SET body = %s WHERE id = 2", [("new" + LONG,)])
    world.source("UPDATE notes SET status = 'c' WHERE id = 2")  # from the change before
    world.source("UPDATE notes SET body = NULL WHERE id = 3")
    world.source("UPDATE notes SET status = 'd' WHERE id = 3")  # NULL is sent as NULL
    world.source("INSERT INTO notes VALUES (4, 'e', %s, 1)", [("in" + LONG,)])
    world.source("UPDATE notes SET status = 'f' WHERE id = 4")
    world.run()
    streamed.same()


@on("pg18")
def test_a_large_value_that_nobody_knows_is_refused(world: World) -> None:
    streamed = Streamed(world, source={"where": "status <> 'draft'"})
    world.source("INSERT INTO notes VALUES (1, 'draft', %s, 1)", [(LONG,)])
    world.run()
    world.source("UPDATE notes SET status = 'open'")  # comes into the filter without its body
    world.fails("DP523")
    assert streamed.target_rows() == []


@on("pg18")
def test_the_whole_old_row_fills_what_a_change_leaves_out(world: World) -> None:
    streamed = Streamed(world, identity="FULL", source={"where": "status <> 'draft'"})
    world.source("INSERT INTO notes VALUES (1, 'draft', %s, 1), (2, 'open', %s, 2)", [(LONG, "2" + LONG)])
    world.run()
    world.source("UPDATE notes SET status = 'open' WHERE id = 1")
    world.source("UPDATE notes SET status = 'draft' WHERE id = 2")
    world.run()
    streamed.same("status <> 'draft'")


@on(*EVERYWHERE)
def test_a_row_that_leaves_the_filter_is_deleted(world: World) -> None:
    streamed = Streamed(world, source={"where": "status <> 'draft' AND amount > 0"})
    world.source(
        "INSERT INTO notes SELECT n, CASE WHEN n % 2 = 0 THEN 'draft' ELSE 'open' END, 'b', n FROM generate_series(0, 9) AS n"
    )
    world.run()
    streamed.same("status <> 'draft' AND amount > 0")
    world.source("UPDATE notes SET status = CASE status WHEN 'draft' THEN 'open' ELSE NULL END WHERE id < 6")
    world.run()
    streamed.same("status <> 'draft' AND amount > 0")


@on(*EVERYWHERE)
def test_a_truncate_stops_the_run_unless_it_may_be_applied(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'a', NULL, 1), (2, 'b', NULL, 2)")
    world.run()
    world.source("UPDATE notes SET status = 'lost'; TRUNCATE notes; INSERT INTO notes VALUES (2, 'after', NULL, 3)")
    world.fails("DP522")
    assert len(streamed.target_rows()) == 2
    world.state("abort", run_id=world.state("show")["run_id"])
    streamed.load(feed={"truncate": "apply"})
    world.run()
    streamed.same()


@on("pg18")
@pytest.mark.parametrize(
    ("alter", "said"),
    [
        ("ALTER TABLE notes ADD COLUMN extra int", "column extra is new"),
        ("ALTER TABLE notes ALTER COLUMN status TYPE text", "column status has another type"),
    ],
)
def test_a_table_that_changes_under_way_stops_the_run_before_anything_is_applied(
    world: World, alter: str, said: str
) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'a', NULL, 1)")
    world.run()
    low = streamed.watermark()
    world.source("UPDATE notes SET status = 'before'")
    before = streamed.source_rows()
    world.source(alter)
    world.source("UPDATE notes SET status = 'after'")
    if "TYPE" in alter:
        # The table is what the plan knows again, and the stream is not.
        world.source("ALTER TABLE notes ALTER COLUMN status TYPE varchar(20)")
    outcome = world.fails("DP443")
    assert said in outcome.message
    assert streamed.target_rows() == [(1, "a", None, "1.00")]
    if "TYPE" in alter:
        return
    # The message says how to apply what comes before; then the plan is made anew and goes on.
    world.state("abort", run_id=world.state("show")["run_id"])
    words = outcome.message.split("`")[1].split()
    assert words[words.index("--window") + 1] == str(low)
    world.run(window=(str(low), words[words.index("--window") + 2]))
    assert streamed.target_rows() == before
    world.target("ALTER TABLE notes_copy ADD COLUMN extra int")
    streamed.load()
    world.run()
    streamed.same()


@on("pg18", "chdb")
def test_a_given_window_lies_between_what_is_applied_and_what_is_flushed(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'open', NULL, 1)")
    assert "copies the whole table" in world.fails("DP444", window=("1", "2")).message
    world.run()
    mark = streamed.watermark()
    world.source("UPDATE notes SET status = 'closed'")
    assert "would be lost" in world.fails("DP444", window=(str(mark + 1), str(mark + 2))).message
    refused = world.fails("DP447", window=(str(mark), str(mark + 2**40)))
    assert streamed.watermark() == mark
    assert world.state("show")["phase"] == "done"
    *_, low, high = shlex.split(refused.next)
    world.run(window=(low, high))
    assert streamed.watermark() == int(high)
    streamed.same()


@on("chdb", "ch18")
def test_clickhouse_follows_moved_keys_where_the_whole_old_row_is_logged(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes SELECT n, 'open', repeat('x', 4000) || n, n FROM generate_series(1, 6) AS n")
    world.run()
    world.source("UPDATE notes SET id = id + 100 WHERE id = 1")
    world.fails("DP523")
    world.state("abort", run_id=world.state("show")["run_id"])
    assert [row[0] for row in streamed.target_rows()] == [1, 2, 3, 4, 5, 6]
    world.source((world.bundle / "replay/drop-slot.sql").read_text())
    world.source("ALTER TABLE notes REPLICA IDENTITY FULL")
    world.state("set", watermark="")
    world.run()
    world.source(
        "UPDATE notes SET id = id + 100 WHERE id < 5; UPDATE notes SET id = 2 WHERE id = 5; DELETE FROM notes WHERE id = 6"
    )
    world.run()
    streamed.same()


@on("pg18")
def test_other_tables_of_the_publication_are_none_of_our_business(world: World) -> None:
    streamed = Streamed(world)
    world.source("CREATE TABLE others (id int PRIMARY KEY, v text)")
    (name,) = streamed.ask("SELECT pubname FROM pg_publication")[0]
    world.source(f'ALTER PUBLICATION "{name}" ADD TABLE others')
    world.run()
    world.source("INSERT INTO others VALUES (1, 'x'); INSERT INTO notes VALUES (1, 'a', NULL, 1)")
    world.source(
        "UPDATE others SET id = 2; TRUNCATE others; ALTER TABLE others ADD COLUMN w int; INSERT INTO others VALUES (3, 'y', 1)"
    )
    world.run()
    streamed.same()


def _dropped(streamed: Streamed) -> None:
    streamed.world.source(f"SELECT pg_drop_replication_slot('{streamed.slot}')")


def _made_again(streamed: Streamed) -> None:
    slot = streamed.slot
    _dropped(streamed)
    streamed.world.source("INSERT INTO notes VALUES (50, 'missed', NULL, NULL)")
    streamed.world.source(f"SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")


def _consumed(streamed: Streamed) -> None:
    """A second consumer that takes the changes away."""
    (name,) = streamed.ask("SELECT pubname FROM pg_publication")[0]
    streamed.world.source("INSERT INTO notes VALUES (50, 'taken', NULL, NULL)")
    streamed.ask(
        f"SELECT count(*) FROM pg_logical_slot_get_binary_changes('{streamed.slot}', NULL, NULL, "
        f"'proto_version', '1', 'publication_names', '{name}')"
    )


@on("pg18", "pg15")
@pytest.mark.parametrize("harm", [_dropped, _made_again, _consumed])
def test_a_slot_that_lost_changes_is_refused_and_a_new_copy_cures_it(
    world: World, harm: Callable[[Streamed], None]
) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'a', NULL, 1), (2, 'b', NULL, 2)")
    world.run()
    world.source("DELETE FROM notes WHERE id = 2")
    harm(streamed)
    world.fails("DP440")
    assert [row[0] for row in streamed.target_rows()] == [1, 2]
    world.source((world.bundle / "replay/drop-slot.sql").read_text())
    world.state("set", watermark="")
    world.run()
    streamed.same()
    world.source("UPDATE notes SET status = 'c'")
    world.run()
    streamed.same()


@on("pg18")
def test_a_slot_that_somebody_reads_at_the_moment_is_waited_for(world: World) -> None:
    streamed = Streamed(world)
    world.run()
    world.source("INSERT INTO notes VALUES (1, 'a', NULL, 1)")
    (name,) = streamed.ask("SELECT pubname FROM pg_publication")[0]
    active = "SELECT FROM pg_replication_slots WHERE active AND database = current_database()"
    other = psycopg.connect(world.source_url, autocommit=True, replication="database")
    other.pgconn.send_query(
        f"START_REPLICATION SLOT \"{streamed.slot}\" LOGICAL 0/0 (proto_version '1', publication_names '{name}')".encode()
    )
    try:
        while not streamed.ask(active):
            pass
        outcome = world.outcome()
        assert (outcome.exit_code, outcome.retryable) == (5, True), outcome
    finally:
        other.close()
        while streamed.ask(active):
            pass
    world.run()
    streamed.same()


@on("pg18", "pg15")
def test_a_copy_while_writers_write_loses_and_doubles_nothing(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes SELECT n, 'old', 'body', n FROM generate_series(1, 20000) AS n")
    stop = threading.Event()
    written = []

    def write() -> None:
        number = 100_000
        with psycopg.connect(world.source_url, autocommit=True) as session:
            while not stop.is_set():
                number += 1
                session.execute("INSERT INTO notes VALUES (%s, 'new', NULL, 1)", (number,))
                session.execute(
                    "UPDATE notes SET status = 'changed', amount = amount + 1 WHERE id = %s", (number % 20000 + 1,)
                )
                session.execute("DELETE FROM notes WHERE id = %s", (number % 19997 + 2,))
                written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        world.run()
        first = len(written)
        world.run()
    finally:
        stop.set()
        writer.join()
    assert first > 10
    world.run()
    streamed.same()


@on("pg18")
@pytest.mark.parametrize(
    ("alter", "code"),
    [
        ("ALTER TABLE notes REPLICA IDENTITY NOTHING", "DP442"),
        ("ALTER PUBLICATION {publication} DROP TABLE notes", "DP441"),
        ("ALTER PUBLICATION {publication} SET (publish = 'insert, update')", "DP441"),
        ("ALTER PUBLICATION {publication} SET TABLE notes WHERE (id > 5)", "DP441"),
        ("ALTER PUBLICATION {publication} SET TABLE notes (id, status)", "DP441"),
        ("DROP PUBLICATION {publication}", "DP441"),
    ],
)
def test_a_source_that_leaves_changes_out_is_refused(world: World, alter: str, code: str) -> None:
    streamed = Streamed(world)
    (name,) = streamed.ask("SELECT pubname FROM pg_publication")[0]
    world.source(alter.format(publication=f'"{name}"'))
    world.fails(code)
    assert streamed.ask("SELECT FROM pg_replication_slots WHERE database = current_database()") == []


@on("pg18")
def test_what_the_catalog_shows_is_refused_at_compile(world: World) -> None:
    world.source_table, world.table = ("public", "notes"), ("public", "notes_copy")
    world.source("CREATE TABLE notes (id bigint NOT NULL, other bigint PRIMARY KEY)")
    world.target("CREATE TABLE notes_copy (id bigint NOT NULL, other bigint)")
    feed = {"source": {"options": {"cdc": {"mode": "logical_replication"}}}}
    assert "replica identity" in world.refuses("DP230", "cdc_apply", key=["id"], **feed)
    assert not world.compiled("cdc_apply", key=["other"], **feed).failed
    world.source("ALTER TABLE notes REPLICA IDENTITY FULL")
    assert "no unique key" in world.refuses("DP230", "cdc_apply", key=["id"], **feed)
    world.source("CREATE UNIQUE INDEX ON notes (id)")
    assert not world.compiled("cdc_apply", key=["id"], **feed).failed
    world.refuses("DP040", "cdc_apply", **feed)


@on("pg18")
def test_auto_takes_captured_changes_where_they_are_hinted(world: World) -> None:
    streamed = Streamed(world)
    result = world.compiled("auto", name="notes", source={"options": {"cdc_enabled": True}}, key=["id"])
    (compiled,) = result.loads
    assert compiled.load.decisions.strategy.value == "cdc_apply"  # type: ignore[union-attr]
    assert streamed.target_rows() == []


@on("pg18", "chdb")
def test_a_position_that_is_not_written_yet_is_no_watermark(world: World) -> None:
    Streamed(world)
    world.run()
    before = world.state("show")
    with pytest.raises(RefusedError) as caught:
        world.state("set", watermark=str(2**62))
    assert (caught.value.code, world.state("show")) == ("DP440", before)
    assert world.state("set", watermark=before["watermark"])["watermark"] == before["watermark"]
