"""cdc_apply from a slot: what the source logs of old rows, and that no two of its rows share the load's key, even for a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.engines.loads.slot import LONG, Streamed
from tests.engines.loads.world import Sink, World, on

DEFERRABLE = """ALTER TABLE notes DROP CONSTRAINT notes_pkey, ADD CONSTRAINT notes_pkey PRIMARY KEY (id) DEFERRABLE"""
PARTED = """DROP TABLE notes;
  CREATE TABLE notes (id bigint PRIMARY KEY, status varchar(20), body text, amount numeric(18,2)) PARTITION BY RANGE (id);
  CREATE TABLE low PARTITION OF notes FOR VALUES FROM (0) TO (100); CREATE TABLE high PARTITION OF notes FOR VALUES FROM (100) TO (200);
  ALTER TABLE low ALTER COLUMN body SET STORAGE EXTERNAL"""
FEED: dict[str, Any] = {"source": {"options": {"cdc": {"mode": "logical_replication"}}}}


@pytest.fixture
def world(sink: Sink, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Source and target on the sink's engine."""
    source, target = request.getfixturevalue(sink.fixture), request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=source(), target_url=target(), folder=tmp_path, source_tier=sink.tier)


def identity(world: World) -> tuple[str, ...] | None:
    """What introspection says of the source's replica identity."""
    world.introspect()
    text = (world.folder / "catalog/src.yaml").read_text()
    (said,) = [line.split(":")[1].strip() for line in text.splitlines() if "replica_identity" in line]
    return tuple(word.strip(' "') for word in said.strip("[]").split(",") if word.strip())


@on("pg18", "pg15")
def test_a_key_that_is_unique_only_at_the_commit_is_refused(world: World) -> None:
    """Rows 1, 2 and 3 become 2, 3 and 4 in one statement: each key but the last is written before its old row leaves it."""
    streamed = Streamed(world, identity="FULL")
    world.source("INSERT INTO notes VALUES (1, 'one', NULL, 1), (2, 'two', NULL, 2), (3, 'three', NULL, 3)")
    world.run()
    before = streamed.source_rows()
    world.source(DEFERRABLE)
    world.source("UPDATE notes SET id = id + 1")
    outcome = world.fails("DP442")
    assert "unique at every moment" in outcome.message
    assert streamed.target_rows() == before
    world.source("CREATE UNIQUE INDEX ON notes (id)")
    assert not world.compiled("cdc_apply", key=["id"], **FEED).failed


@on("pg18", "pg15")
@pytest.mark.parametrize(
    ("index", "enough"),
    [
        ("CREATE UNIQUE INDEX ON notes (id, status)", False),
        ("CREATE UNIQUE INDEX ON notes (id) WHERE amount > 0", False),
        ("CREATE UNIQUE INDEX ON notes ((id + 0))", False),
        ("CREATE INDEX ON notes (id)", False),
        ("CREATE UNIQUE INDEX ON notes (id) INCLUDE (status)", True),
        ("ALTER TABLE notes ADD UNIQUE (id)", True),
    ],
)
def test_which_index_keeps_a_key_unique(world: World, index: str, enough: bool) -> None:
    streamed = Streamed(world, identity="FULL")
    world.source("ALTER TABLE notes DROP CONSTRAINT notes_pkey")
    world.source(index)
    if enough:
        world.run()
        streamed.same()
    else:
        world.fails("DP442")
        world.refuses("DP230", "cdc_apply", key=["id"], **FEED)


@on("pg18", "pg15")
def test_a_deferrable_key_tells_no_old_row(world: World) -> None:
    """The server refuses UPDATE and DELETE of such a table once it is published, so the publication must never be made."""
    streamed = Streamed(world)
    assert identity(world) == ("id",)
    world.source(DEFERRABLE)
    world.source("INSERT INTO notes VALUES (1, 'one', NULL, 1)")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        world.source("DELETE FROM notes")
    world.fails("DP442")
    assert identity(world) == ()
    assert "replica identity" in world.refuses("DP230", "cdc_apply", key=["id"], **FEED)
    assert streamed.target_rows() == []


@on("pg18", "pg15")
def test_a_column_that_the_key_only_includes_is_not_logged(world: World) -> None:
    world.source_table, world.table = ("public", "notes"), ("public", "notes_copy")
    world.source("CREATE TABLE notes (id bigint, kind bigint, PRIMARY KEY (id) INCLUDE (kind))")
    world.target("CREATE TABLE notes_copy (id bigint, kind bigint)")
    assert identity(world) == ("id",)
    assert "kind" in world.refuses("DP230", "cdc_apply", key=["id", "kind"], **FEED)


@on("pg18", "pg15")
@pytest.mark.parametrize("leaf", ["", "ALTER TABLE low REPLICA IDENTITY FULL; ALTER TABLE high REPLICA IDENTITY FULL"])
def test_partitions_log_old_rows_by_their_own_identity(world: World, leaf: str) -> None:
    """Of a row that moves, the stream of a table with identity FULL has NULL where the partition logged the key alone."""
    streamed = Streamed(world)
    world.source(PARTED)
    world.source("ALTER TABLE notes REPLICA IDENTITY FULL;" + leaf)
    assert identity(world) == (("id", "status", "body", "amount") if leaf else ("id",))
    world.source("DROP PUBLICATION " + _publication(streamed))
    streamed.load()
    world.source("INSERT INTO notes VALUES (1, 'one', %s, 1), (101, 'high', 'b', 2)", [(LONG,)])
    if not leaf:
        assert "partition low logs less" in world.fails("DP442").message
        assert streamed.target_rows() == []
        return
    world.run()
    world.source(
        "UPDATE notes SET id = id + 1; DELETE FROM notes WHERE id = 102; UPDATE notes SET id = 150 WHERE id = 2"
    )
    world.run()
    streamed.same()


@on("pg18", "pg15")
def test_a_partition_that_comes_later_is_looked_at(world: World) -> None:
    streamed = Streamed(world)
    world.source(PARTED)
    world.source("DROP PUBLICATION " + _publication(streamed))
    streamed.load()
    world.run()
    world.source("CREATE TABLE later PARTITION OF notes FOR VALUES FROM (200) TO (300)")
    world.source("INSERT INTO notes VALUES (201, 'later', 'b', 2); UPDATE notes SET id = 202 WHERE id = 201")
    world.run()
    streamed.same()
    world.source("ALTER TABLE later REPLICA IDENTITY NOTHING")
    world.fails("DP442")


@on("pg18", "pg15")
def test_tables_that_inherit_from_the_source_are_refused(world: World) -> None:
    """A read of the source shows their rows, and their changes come under their own names."""
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'one', NULL, 1)")
    world.run()
    world.source("CREATE TABLE kid (PRIMARY KEY (id)) INHERITS (notes); INSERT INTO kid VALUES (7, 'kid', NULL, 7)")
    assert "rows of kid" in world.fails("DP441").message
    assert "kid" in world.refuses("DP230", "cdc_apply", key=["id"], **FEED)
    world.source("ALTER TABLE kid NO INHERIT notes")
    world.source("DELETE FROM notes")
    world.run()
    streamed.same()


@on("pg18", "pg15")
@pytest.mark.parametrize(
    "leaf",
    [
        "CREATE UNLOGGED TABLE away PARTITION OF notes FOR VALUES FROM (200) TO (300)",
        "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; ALTER TABLE notes DROP CONSTRAINT notes_pkey;"
        "CREATE FOREIGN TABLE away PARTITION OF notes FOR VALUES FROM (200) TO (300) SERVER far",
    ],
)
def test_partitions_that_log_nothing_are_refused(world: World, leaf: str) -> None:
    streamed = Streamed(world)
    world.source(PARTED)
    world.source("DROP PUBLICATION " + _publication(streamed))
    streamed.load()
    world.run()
    world.source(leaf)
    assert "rows of away" in world.fails("DP441").message


@on("pg18", "pg15")
def test_what_becomes_of_partitions_is_not_streamed_and_the_plan_says_so(world: World) -> None:
    streamed = Streamed(world)
    assert "partition" not in _deletes(world)
    world.source(PARTED)
    world.source("DROP PUBLICATION " + _publication(streamed))
    streamed.load()
    plan = (world.bundle / "plan.md").read_text()
    assert "TRUNCATE, DROP and DETACH of a partition" in _deletes(world)
    assert "rows that come with ATTACH never arrive" in plan
    world.source("INSERT INTO notes VALUES (1, 'low', NULL, 1), (101, 'high', NULL, 2)")
    world.run()
    before = streamed.source_rows()
    world.source(
        "TRUNCATE high; ALTER TABLE notes DETACH PARTITION low; DELETE FROM low; CREATE TABLE more (LIKE notes INCLUDING ALL)"
    )
    world.source(
        "INSERT INTO more VALUES (300, 'attached', NULL, 3); ALTER TABLE notes ATTACH PARTITION more FOR VALUES FROM (300) TO (400)"
    )
    world.run()
    assert streamed.target_rows() == before
    # What the plan says to do about it.
    world.source((world.bundle / "replay/drop-slot.sql").read_text())
    world.state("set", watermark="")
    world.run()
    streamed.same()
    world.source("TRUNCATE notes")
    world.fails("DP522")


def _deletes(world: World) -> str:
    (line,) = [line for line in (world.bundle / "plan.md").read_text().splitlines() if line.startswith("| deletes ")]
    return line


def _publication(streamed: Streamed) -> str:
    return f'"{streamed.ask("SELECT pubname FROM pg_publication")[0][0]}"'
