"""cdc_apply on SQL Server, TRANSPILED to Postgres and run there: the sets that its statements make are those of the model.

Nothing of T-SQL itself is shown by this: see transpiled.py. The WHILE of collapse-rows is walked here by its own two questions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dpone_compiler.verify.meaning.asked import Asked, Change, Loaded, Row, Source, State
from dpone_compiler.verify.meaning.cdc_apply import cdc_apply
from tests.bundle_files.test_parse import of
from tests.engine_fixtures import FreshDatabase
from tests.scriptdom import TsqlError
from tests.tsql.transpiled import assigned, changes, counts

SLOT, SOFT, TABLE = "cdc_slot_ms", "cdc_soft_ms", "cdc_table_ms"
NAMES = ("id", "status", "body", "amount")
LOADED = "id bigint, status text, body text, amount numeric(18,2), at timestamptz"
OURS = "op text, ord bigint, kept text, unchanged text, old bigint"
GIVEN = (("dp_at", "CAST(CURRENT_SETTING('dponec.at') AS BIGINT)"),)
MERGE = ("update-matching", "insert-missing")
# What is taken away or turned round in the statements, each of which some story must see: bundle, before, after.
BROKEN = [
    (SLOT, '"__dponec_order" DESC NULLS LAST) AS "__dponec_n"', '"__dponec_order") AS "__dponec_n"'),
    (SLOT, '("cut"."at" IS NULL OR "c"."__dponec_order" > "cut"."at")', "TRUE"),
    (SLOT, '"w"."__dponec_kept" = N\'t\'', "TRUE"),
    (SLOT, 'WHEN STRPOS("w"."__dponec_unchanged", N\',2,\') = 0', "WHEN TRUE"),
    (SLOT, 'ORDER BY "p"."__dponec_order" DESC', 'ORDER BY "p"."__dponec_order"'),
    (SLOT, 'ORDER BY "q"."near" DESC', 'ORDER BY "q"."near"'),
    (SLOT, "UPDATE", None),
    (SLOT, 'WHERE EXISTS(SELECT 1 FROM "staging"', 'WHERE FALSE AND EXISTS(SELECT 1 FROM "staging"'),
    (SOFT, 'AND NOT (COALESCE("t"."gone", 0) <> 0)', ""),
    (TABLE, "THEN 0 ELSE 1 END", "THEN 1 ELSE 0 END"),
    (TABLE, '"w"."__dponec_newest" > "w"."__dponec_order"', "FALSE"),
    (TABLE, '"w"."__dponec_cut" > "w"."__dponec_order"', "FALSE"),
]


class Lab:
    """The target and the three staging tables of one bundle."""

    def __init__(self, url: str, name: str) -> None:
        self.name, self.streams, self.marks = name, name != TABLE, name != SLOT
        self.session = psycopg.connect(url, autocommit=True)
        self.changes, self.rows, self.left = (self._staging(role) for role in ("changes", "rows", "left"))
        ours = ", ".join(f"__dponec_{column}" for column in OURS.split(", "))
        ours = ours.replace("_ord ", "_order ").replace("_old ", "_old_0 ")
        flag = ", gone smallint" if self.marks else ""
        self.session.execute(
            f"CREATE SCHEMA dbo; CREATE SCHEMA staging; CREATE TABLE dbo.notes ({LOADED}, gone smallint, PRIMARY KEY (id));"
            f"CREATE TABLE {self.changes} ({LOADED}, {ours}); CREATE TABLE {self.rows} ({LOADED}{flag});"
            f"CREATE TABLE {self.left} (id bigint)".encode()
        )

    def _staging(self, role: str) -> str:
        (create,) = [text for path, text in of(self.name, "mssql") if path.endswith(f"-create-{role}.sql")]
        return create.split("INTO ", 1)[1].split()[0].replace("[", '"').replace("]", '"')

    def run(self, lines: list[tuple[Any, ...]], before: str = "", after: str | None = "") -> None:
        """Stage the changes, check and collapse them, and merge what is left; `before` in the statements becomes `after`."""
        assert self.refused(lines, before, after) == []
        collapse = changes(self.name, "collapse-rows", given=GIVEN)
        fills = [each for each in collapse if each.startswith("UPDATE")]
        first = "mark-deleted" if self.marks else "delete-left"
        for statement in (
            *(each for each in collapse if each not in fills),
            *changes(self.name, "collapse-left", first, *MERGE),
        ):
            self.session.execute(statement.replace(before, after or before).encode())

    def refused(self, lines: list[tuple[Any, ...]], before: str = "", after: str | None = "") -> list[str]:
        """Stage the changes and make them whole; the checks that found something."""
        self.session.execute(f"TRUNCATE {self.changes}; TRUNCATE {self.rows}; TRUNCATE {self.left}".encode())
        for line in lines:
            places = ", ".join(["%s"] * len(line))
            self.session.execute(f"INSERT INTO {self.changes} VALUES ({places})".encode(), line)
        # A character of T-SQL has two bytes.
        found = [each.replace("<> 2", "<> 1") for each in counts(self.name, "check-changes")]
        found = [each for each in found if self._counted(each)]
        if after is not None:
            collapse = changes(self.name, "collapse-rows", given=GIVEN)
            self._moved([each.replace(before, after) for each in collapse if each.startswith("UPDATE")])
        return found + [
            each for each in counts(self.name, "collapse-rows") if self._counted(each.replace(before, after or before))
        ]

    def _counted(self, query: str) -> bool:
        return self.session.execute(query.encode()).fetchone() != (0,)

    def _moved(self, fills: list[str]) -> None:
        asked = assigned(self.name, "collapse-rows", "dp_at", GIVEN)
        for query in asked:
            at = self.session.execute(query.encode()).fetchone() if query is asked[0] else None
            while at is not None and at[0] is not None:
                self.session.execute("SELECT set_config('dponec.at', %s, false)", (str(at[0]),))
                for fill in fills:
                    self.session.execute(fill.encode())
                at = self.session.execute(asked[1].encode()).fetchone()

    def notes(self) -> list[tuple[Any, ...]]:
        flag = ", gone" if self.marks else ""
        return self.session.execute(f"SELECT {', '.join(NAMES)}{flag} FROM dbo.notes ORDER BY id".encode()).fetchall()


@pytest.fixture
def lab(pg_wheel_db: FreshDatabase, parse_tsql: Callable[[str], list[TsqlError]]) -> Callable[[str], Lab]:
    assert parse_tsql("SELECT 1;") == []
    return lambda name: Lab(pg_wheel_db(), name)


def log(story: random.Random, source: dict[int, Row], at: int, streams: bool) -> Iterator[Change]:
    """A few changes of few keys: rows that move, leave the filter and come back, and large values that do not change, now and then
    those of rows that nobody saw."""
    for number in range(at, at + story.randint(0, 7)):
        key, status = story.randint(1, 4), story.choice(["open", "draft", "paid"])
        row: Row = {"id": key, "status": status, "body": story.choice(["x", "y", None]), "amount": story.choice([1, 2])}
        chance = story.random()
        if chance < 0.08:
            source.clear()
            yield Change(at=number, op="truncate")
        elif key not in source:
            source[key] = row
            yield Change(at=number, op="insert", row=row)
        elif chance < 0.25:
            del source[key]
            yield Change(at=number, op="delete", key=(key,))
        else:
            old = source.pop(key)
            to = story.randint(1, 4) if streams else key
            moved = to if to not in source else key
            seen = old["status"] != "draft" or chance > 0.6
            kept = ("body",) if streams and seen and chance < 0.8 else ()
            source[moved] = {**row, "id": moved, "body": old["body"] if kept else row["body"]}
            said = {name: value for name, value in source[moved].items() if name not in kept}
            yield Change(at=number, op="update", key=(key,), row=said, unchanged=kept)


def lines(change: Change) -> Iterator[tuple[Any, ...]]:
    """What the source sends of a change: id, status, body, amount, at, operation, order, kept, unchanged, old key."""
    at = 10 * change.at
    if change.row is None:
        op, key = ("T", None) if change.op == "truncate" else ("D", change.key[0] if change.key else None)
        yield (key, None, None, None, None, op, at, "f", "", None)
        return
    row = change.row
    moved = change.key is not None and change.key[0] != row["id"]
    if moved and change.key is not None:
        yield (change.key[0], None, None, None, None, "D", at, "f", "", None)
    kept = "t" if row["status"] != "draft" else "f"
    values = (row["id"], row["status"], row.get("body"), row["amount"], None)
    marks = ",2," if change.unchanged else ""
    old = change.key[0] if moved and change.key is not None else None
    yield (*values, "I" if change.op == "insert" else "U", at + 1, kept, marks, old)


def follow(seed: int, made: Lab, before: str = "", after: str | None = "") -> None:
    """A story of windows; each is applied twice, which changes nothing."""
    story = random.Random(seed)
    asked = Asked(
        key=("id",),
        where=lambda row: row["status"] != "draft",
        deletes="soft" if made.marks else "hard",
        mark="gone",
        alive=0,
    )
    source: dict[int, Row] = {}
    target: tuple[Row, ...] = ()
    state = State(known=True, position=0)
    for run in range(6):
        window = list(log(story, source, 1 + 10 * run, made.streams))
        outcome = cdc_apply(target, Source(log=tuple(window), now=1), state, asked)
        told = [line for change in window for line in lines(change)]
        if not isinstance(outcome, Loaded):
            assert made.refused(told, before, after), (seed, run)
            return
        for _ in range(2 if not any(change.unchanged for change in window) else 1):
            made.run(told, before, after)
            names = (*NAMES, "gone") if made.marks else NAMES
            assert made.notes() == sorted(tuple(row[name] for name in names) for row in outcome.target), (seed, run)
        target, state = outcome.target, outcome.state


def gone(key: int, at: int) -> list[tuple[Any, ...]]:
    """What the source sends of a delete."""
    return [(key, None, None, None, None, "D", at, "f", "", None)]


def there(key: int, at: int, body: str | None = None, old: int | None = None) -> list[tuple[Any, ...]]:
    """A row in the filter; without a body its body did not change."""
    return [(key, "open", body, 1, None, "U", at, "t", "" if body else ",2,", old)]


# Row 1 was never seen, and row 4 is in the target.
STRANGERS = {
    "into the key": gone(4, 1) + gone(1, 2) + there(4, 3, old=1),
    "and changed": gone(4, 1) + gone(1, 2) + there(4, 3, old=1) + there(4, 4),
    "and on": gone(4, 1) + gone(1, 2) + there(4, 3, old=1) + gone(4, 4) + there(7, 5, old=4),
    "of the window": there(5, 1, "of five") + gone(5, 2) + gone(1, 3) + there(5, 4, old=1),
}


@pytest.mark.parametrize("story", STRANGERS)
def test_a_row_that_moved_into_a_known_key_gets_no_value_of_a_stranger(story: str, lab: Callable[[str], Lab]) -> None:
    made = lab(SLOT)
    made.run(there(4, 0, "of four"))
    assert len(made.refused(STRANGERS[story])) == 1


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("name", [SLOT, SOFT, TABLE])
def test_the_target_follows_the_changes(name: str, seed: int, lab: Callable[[str], Lab]) -> None:
    follow(seed, lab(name))


@pytest.mark.parametrize(("name", "before", "after"), BROKEN)
def test_a_broken_statement_is_seen(name: str, before: str, after: str | None, lab: Callable[[str], Lab]) -> None:
    said = "".join((*changes(name, "collapse-rows", "collapse-left", given=GIVEN), *counts(name, "collapse-rows")))
    assert before in said, "it is in the statements"
    with pytest.raises((AssertionError, psycopg.Error)):
        for seed in range(15):
            follow(seed, lab(name), before, after)
