"""Large values that the slot leaves out: never those of another row that had the key, never those of a row that was out of sight."""

from __future__ import annotations

import pytest

from tests.engines.loads.slot import LONG, Streamed
from tests.engines.loads.world import World, on

SINKS = ("pg18", "pg15")
WANTED = "status <> 'draft'"
ROWS = "INSERT INTO notes VALUES (1, 'draft', %s, 1), (4, 'open', %s, 4)"


def _told(world: World, where: str = WANTED) -> Streamed:
    """Row 1 is outside of the filter, row 4 is loaded."""
    streamed = Streamed(world, source={"where": where})
    world.source(ROWS, [("1" + LONG, "4" + LONG)])
    world.run()
    return streamed


@on(*SINKS)
def test_a_row_that_moves_into_a_known_key_gets_no_value_of_a_stranger(world: World) -> None:
    streamed = _told(world)
    before = streamed.target_rows()
    world.source("DELETE FROM notes WHERE id = 4; UPDATE notes SET id = 4, status = 'open' WHERE id = 1")
    world.fails("DP523")
    assert streamed.target_rows() == before


@on("pg18")
def test_a_row_that_is_changed_after_it_moved_into_a_known_key_gets_no_value_of_a_stranger(world: World) -> None:
    streamed = _told(world)
    before = streamed.target_rows()
    world.source("DELETE FROM notes WHERE id = 4; UPDATE notes SET id = 4, status = 'open' WHERE id = 1")
    world.source("UPDATE notes SET amount = 5 WHERE id = 4")
    world.fails("DP523")
    assert streamed.target_rows() == before


@on("pg18")
def test_a_row_that_passed_through_a_known_key_gets_no_value_of_a_stranger(world: World) -> None:
    streamed = _told(world)
    before = streamed.target_rows()
    world.source("DELETE FROM notes WHERE id = 4; UPDATE notes SET id = 4 WHERE id = 1")
    world.source("UPDATE notes SET id = 7, status = 'open' WHERE id = 4")
    world.fails("DP523")
    assert streamed.target_rows() == before


@on("pg18")
def test_a_row_of_the_same_window_is_a_stranger_too(world: World) -> None:
    streamed = _told(world)
    before = streamed.target_rows()
    world.source("INSERT INTO notes VALUES (5, 'new', %s, 5)", [("5" + LONG,)])
    world.source("DELETE FROM notes WHERE id = 5; UPDATE notes SET id = 5, status = 'open' WHERE id = 1")
    world.fails("DP523")
    assert streamed.target_rows() == before


@on("pg18")
def test_a_row_that_moves_into_the_key_of_a_deleted_row_gets_no_value_of_it(world: World) -> None:
    streamed = Streamed(world, cdc={"delete_policy": "ignore"})
    world.source(ROWS, [("1" + LONG, "4" + LONG)])
    world.run()
    world.source("DELETE FROM notes WHERE id = 4")
    world.run()
    world.target("DELETE FROM notes_copy WHERE id = 1")  # what row 1 held is known to nobody
    before = streamed.target_rows()
    world.source("UPDATE notes SET id = 4 WHERE id = 1; UPDATE notes SET amount = 5 WHERE id = 4")
    world.fails("DP523")
    assert streamed.target_rows() == before and len(before) == 1


@on(*SINKS)
def test_a_row_that_moves_out_of_a_known_key_takes_its_value_along(world: World) -> None:
    streamed = _told(world)
    world.source("UPDATE notes SET id = 6 WHERE id = 4; UPDATE notes SET id = 4 WHERE id = 1")  # one after the other
    world.source("UPDATE notes SET amount = 6 WHERE id = 6; UPDATE notes SET id = 4 + 4 WHERE id = 6")
    world.source("INSERT INTO notes VALUES (9, 'draft', %s, 9)", [("9" + LONG,)])
    world.source("UPDATE notes SET id = 10 WHERE id = 9; UPDATE notes SET status = 'open' WHERE id = 10")
    world.run()
    streamed.same(WANTED)


SOFT = {"delete_policy": "soft_delete", "deleted_column": "gone"}
IGNORE = {"delete_policy": "ignore"}


def _marking(world: World) -> Streamed:
    """A row that is deleted, or leaves the filter, stays and is marked."""
    streamed = Streamed(world)
    world.target("ALTER TABLE notes_copy ADD COLUMN gone boolean NOT NULL DEFAULT false")
    streamed.load(source={"where": WANTED}, cdc=SOFT)
    world.source(ROWS, [("1" + LONG, "4" + LONG)])
    world.run()
    return streamed


@on(*SINKS)
def test_a_row_that_changed_while_it_was_outside_gets_no_value_of_its_marked_row(world: World) -> None:
    streamed = _marking(world)
    world.source("UPDATE notes SET status = 'draft' WHERE id = 4")
    world.run()
    world.source("UPDATE notes SET body = %s WHERE id = 4", [("new" + LONG,)])
    world.run()
    before = streamed.target_rows()
    world.source("UPDATE notes SET status = 'open' WHERE id = 4")
    world.fails("DP523")
    assert streamed.target_rows() == before


@on(*SINKS)
def test_a_row_that_leaves_and_returns_in_one_window_keeps_its_value(world: World) -> None:
    streamed = _marking(world)
    world.source("UPDATE notes SET status = 'draft' WHERE id = 4")
    world.source("UPDATE notes SET status = 'open' WHERE id = 4")
    world.run()
    streamed.same(WANTED)
    world.source("UPDATE notes SET status = 'draft' WHERE id = 4")
    world.source("UPDATE notes SET body = %s WHERE id = 4", [("new" + LONG,)])
    world.source("UPDATE notes SET status = 'open' WHERE id = 4")
    world.source("INSERT INTO notes VALUES (4 + 1, 'open', NULL, 1)")
    world.run()
    streamed.same(WANTED)


@on("pg18", "chdb")
def test_deletes_that_are_passed_over_need_whole_rows_where_there_is_a_filter(world: World) -> None:
    Streamed(world)
    asked = {"name": "notes", "key": ["id"], "cdc": IGNORE}
    feed = {"options": {"cdc": {"mode": "logical_replication"}}}
    assert "REPLICA IDENTITY FULL" in world.refuses("DP230", "cdc_apply", source={**feed, "where": WANTED}, **asked)
    assert not world.compiled("cdc_apply", source=feed, **asked).failed
    world.source("ALTER TABLE notes REPLICA IDENTITY FULL")
    assert not world.compiled("cdc_apply", source={**feed, "where": WANTED}, **asked).failed


@on(*SINKS, "chdb", "ch18")
@pytest.mark.parametrize("windows", [1, 3])
def test_where_deletes_are_passed_over_a_row_that_returns_is_whole(world: World, windows: int) -> None:
    streamed = Streamed(world, identity="FULL", source={"where": WANTED}, cdc=IGNORE)
    world.source(ROWS, [("1" + LONG, "4" + LONG)])
    world.run()
    told = [
        "UPDATE notes SET status = 'draft' WHERE id = 4",
        "UPDATE notes SET body = 'new' || repeat('y', 5000) WHERE id = 4",
        "UPDATE notes SET status = 'open' WHERE id = 4",
    ]
    for number, each in enumerate(told, start=1):
        world.source(each)
        if windows == 3 or number == 3:
            world.run()
    streamed.same(WANTED)
    # Somebody takes the identity back after the plan was made.
    world.source("UPDATE notes SET amount = 7 WHERE id = 4")  # this one is whole
    world.source("ALTER TABLE notes REPLICA IDENTITY DEFAULT")
    world.source("UPDATE notes SET body = 'newer' || repeat('z', 5000) WHERE id = 4")
    world.source(told[0])
    world.source("UPDATE notes SET body = 'newest' || repeat('z', 5000) WHERE id = 4")
    before = streamed.target_rows()
    world.source(told[2])
    world.fails("DP523")
    assert streamed.target_rows() == before
