"""A world whose source is read through a slot: tables with a large value, the publication of setup/, and looks at the slot."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.engine_fixtures import run_clickhouse
from tests.engines.loads.world import World

COLUMNS = "id bigint PRIMARY KEY, status varchar(20), body text, amount numeric(18,2)"
CLICKHOUSE = "id Int64, status Nullable(String), body Nullable(String), amount Nullable(Decimal(18,2))"
# EXTERNAL: long values are stored out of line and not compressed, so that they are toasted for sure.
TOASTED = "ALTER TABLE notes ALTER COLUMN body SET STORAGE EXTERNAL"
LONG = "x" * 5000


class Streamed:
    """`world` with the table `notes` on both sides, loaded by cdc_apply from a slot."""

    def __init__(self, world: World, *, identity: str = "DEFAULT", **given: Any) -> None:
        self.world = world
        world.source_table, world.table = ("public", "notes"), (world.table[0], "notes_copy")
        world.source(f"CREATE TABLE notes ({COLUMNS})")
        world.source(TOASTED)
        world.source(f"ALTER TABLE notes REPLICA IDENTITY {identity}")
        if world.sink.clickhouse:
            world.target(f"CREATE TABLE notes_copy ({CLICKHOUSE}) ENGINE = MergeTree PARTITION BY id % 3 ORDER BY id")
        else:
            world.target(f"CREATE TABLE notes_copy ({COLUMNS})")
        self.load(**given)

    def load(self, **given: Any) -> None:
        """Compile, and run what setup/ has for the source and the target."""
        feed = given.pop("feed", {})
        source = {"options": {"cdc": {"mode": "logical_replication", **feed}}} | given.pop("source", {})
        self.world.load("cdc_apply", name="notes", source=source, key=["id"], **given)
        self.world.source((self.world.bundle / "setup/postgres_publication_source.sql").read_text())

    @property
    def slot(self) -> str:
        """The slot that the plan made for itself."""
        (found,) = self.ask(
            "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() AND NOT temporary"
        )
        return str(found[0])

    def confirmed(self) -> int:
        """What the slot has confirmed, in bytes."""
        return int(
            self.ask(
                "SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots WHERE NOT temporary "
                "AND database = current_database()"
            )[0][0]
        )

    def watermark(self) -> int:
        """What the state row says is applied."""
        return int(self.world.state("show")["watermark"])

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """A query on the source."""
        with psycopg.connect(self.world.source_url, autocommit=True) as session:
            return session.execute(sql.encode()).fetchall()

    def target_rows(self) -> list[tuple[Any, ...]]:
        """The target's rows in key order."""
        query = "SELECT id, status, body, amount FROM notes_copy ORDER BY id"
        if self.world.sink.clickhouse:
            lines = run_clickhouse(self.world.target_url, f"{query} FORMAT TabSeparated").split("\n")[:-1]
            cells = [[_text(cell) for cell in line.split("\t")] for line in lines]
            return [(int(i or 0), s, b, None if a is None else f"{float(a):.2f}") for i, s, b, a in cells]
        with psycopg.connect(self.world.target_url, autocommit=True) as session:
            return [(i, s, b, None if a is None else str(a)) for i, s, b, a in session.execute(query)]

    def source_rows(self, where: str = "true") -> list[tuple[Any, ...]]:
        """The source's rows that satisfy a condition, in key order."""
        query = f"SELECT id, status, body, amount::text FROM notes WHERE {where} ORDER BY id"
        return self.ask(query)

    def same(self, where: str = "true") -> None:
        """The target holds what the source holds."""
        assert self.target_rows() == self.source_rows(where)


def _text(cell: str) -> str | None:
    """A cell of TabSeparated."""
    return None if cell == "\\N" else cell.encode().decode("unicode_escape").encode("latin-1").decode()
