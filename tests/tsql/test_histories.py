"""scd2 on SQL Server, TRANSPILED to Postgres and run there: the sets that its statements make are those of the model.

Nothing of T-SQL itself is shown by this: see transpiled.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dpone_compiler.verify.meaning.asked import Asked, Cursor, Loaded, Row, Source, State, Versions
from dpone_compiler.verify.meaning.scd2 import scd2
from tests.bundle_files.test_parse import of
from tests.engine_fixtures import FreshDatabase
from tests.scriptdom import TsqlError
from tests.tsql.transpiled import changes, counts

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = ("build-versions", "delete-stale", "update-versions", "insert-versions")
LOADED = "id bigint, day date, at timestamptz(6), amount numeric(18,2), status text"
KEPT = "valid_from timestamp(6), valid_to timestamp(6), is_current smallint, row_hash text"
NAMES = ("id", "day", "at", "amount", "status", "valid_from", "valid_to", "is_current")
GIVEN = (("dp_now", "CAST(CURRENT_SETTING('dponec.now') AS TIMESTAMP)"),)
# What is taken away or turned round in the statements, each of which some story must see.
BROKEN = [
    ('ORDER BY "dponec_rank" DESC', 'ORDER BY "dponec_rank"'),
    ('WHERE "dponec_place" = 1', "WHERE TRUE"),
    ('WHERE NOT EXISTS(SELECT "dponec_hash" INTERSECT SELECT "dponec_before")', ""),
    ('WHERE NOT "dponec_hash" IS NULL', ""),
    ('CASE WHEN "dponec_end" IS NULL THEN 1 ELSE 0 END', "1"),
    ('LEAD("dponec_at")', 'LAG("dponec_at")'),
    ('WHERE NOT "t"."valid_to" IS NULL AND EXISTS', "WHERE FALSE AND EXISTS"),
    ('AND "t"."valid_from" = "s"."valid_from")', ")"),
]
DAY = datetime(2026, 1, 1, tzinfo=UTC).date()


class Lab:
    """The target and the two staging tables of one bundle."""

    def __init__(self, url: str, name: str) -> None:
        self.name, self.dated = name, "cursor" in name
        self.session = psycopg.connect(url, autocommit=True)
        self.session.execute("SET TimeZone = 'UTC'")
        self.rows, self.versions = (self._staging(role) for role in ("rows", "versions"))
        self.session.execute(
            f"CREATE SCHEMA dbo; CREATE SCHEMA staging; CREATE TABLE dbo.order_history "
            f"(version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {LOADED}, {KEPT}, UNIQUE (id, valid_from));"
            f"CREATE TABLE {self.rows} ({LOADED}); CREATE TABLE {self.versions} ({LOADED}, {KEPT})".encode()
        )

    def _staging(self, role: str) -> str:
        (create,) = [text for path, text in of(self.name, "mssql") if path.endswith(f"-create-{role}.sql")]
        return create.split("INTO ", 1)[1].split()[0].replace("[", '"').replace("]", '"')

    def run(self, rows: list[Row], now: datetime, broken: tuple[str, str] = ("", "")) -> None:
        """Stage the rows and carry out the finalizer's statements; its proofs must find nothing."""
        self.session.execute("SELECT set_config('dponec.now', %s, false)", (str(now.replace(tzinfo=None)),))
        self.session.execute(f"TRUNCATE {self.rows}; TRUNCATE {self.versions}".encode())
        for row in rows:
            values = tuple(row[name] for name in NAMES[:5])
            self.session.execute(f"INSERT INTO {self.rows} VALUES (%s, %s, %s, %s, %s)".encode(), values)
        for statement in changes(self.name, *STEPS, given=GIVEN):
            self.session.execute(statement.replace(*broken).encode())
        for count in counts(self.name, "prove-versions", GIVEN):
            assert self.session.execute(count.encode()).fetchone() == (0,), count

    def history(self) -> list[tuple[Any, ...]]:
        found = self.session.execute(f"SELECT {', '.join(NAMES)} FROM dbo.order_history".encode()).fetchall()
        return sorted(found, key=_order)


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[0], row[5]


@pytest.fixture
def lab(pg_wheel_db: FreshDatabase, parse_tsql: Callable[[str], list[TsqlError]]) -> Callable[[str], Lab]:
    assert parse_tsql("SELECT 1;") == []
    return lambda name: Lab(pg_wheel_db(), name)


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


def rows(story: random.Random, most: int, at: Callable[[], int]) -> list[Row]:
    """Rows of few keys and few values, so that equal neighbours, late rows and reverted rows are frequent."""
    made: dict[tuple[int, int], Row] = {}
    for _ in range(story.randint(0, most)):
        key, when, amount = story.randint(1, 3), at(), story.choice([1, 2, None])
        made[key, when] = {
            "id": key, "day": DAY, "at": day(when), "amount": amount, "status": story.choice(["a", "A", "a "]),
        }  # fmt: skip
    return list(made.values())


def plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def expected(target: tuple[Row, ...]) -> list[tuple[Any, ...]]:
    shown = [
        (*(row[name] if name == "at" else plain(row[name]) for name in NAMES[:-1]), int(row["is_current"]))
        for row in target
    ]
    return sorted(shown, key=_order)


def follow_cursor(seed: int, made: Lab, broken: tuple[str, str] = ("", "")) -> None:
    """A story of windows; each is loaded twice, which changes nothing."""
    story = random.Random(seed)
    asked = Asked(key=("id",), cursor=Cursor("at", lookback=timedelta(days=99)), versions=Versions(since="at"))
    target: tuple[Row, ...] = ()
    state = State()
    for run in range(6):
        horizon = day(12 + run)
        staged = rows(story, 5, lambda: story.randint(0, 11))
        outcome = scd2(target, Source(rows=tuple(staged), horizon=horizon), state, asked)
        assert isinstance(outcome, Loaded)
        for _ in range(2):
            made.run(staged, horizon, broken)
            assert made.history() == expected(outcome.target), (seed, run)
        target, state = outcome.target, outcome.state


def follow_runs(seed: int, made: Lab, broken: tuple[str, str] = ("", "")) -> None:
    """A story of whole snapshots."""
    story = random.Random(seed)
    asked = Asked(key=("id",), versions=Versions(compare=("day", "at", "amount", "status")))
    target: tuple[Row, ...] = ()
    state = State()
    for run in range(8):
        staged = list({row["id"]: row for row in rows(story, 4, lambda: 0)}.values())
        if not staged:
            continue  # empty_slice: fail stops such a run
        outcome = scd2(target, Source(rows=tuple(staged), now=day(run)), state, asked)
        assert isinstance(outcome, Loaded)
        made.run(staged, day(run), broken)
        assert made.history() == expected(outcome.target), (seed, run)
        target, state = outcome.target, outcome.state


@pytest.mark.parametrize("seed", range(12))
def test_histories_dated_by_a_cursor_are_the_models(seed: int, lab: Callable[[str], Lab]) -> None:
    follow_cursor(seed, lab("history_cursor_ms"))


@pytest.mark.parametrize("seed", range(12))
def test_histories_of_whole_snapshots_are_the_models(seed: int, lab: Callable[[str], Lab]) -> None:
    follow_runs(seed, lab("history_run_ms"))


@pytest.mark.parametrize("broken", BROKEN, ids=[old[:40] for old, _ in BROKEN])
def test_a_broken_statement_is_seen(broken: tuple[str, str], lab: Callable[[str], Lab]) -> None:
    run, cursor = ("".join(changes(name, *STEPS, given=GIVEN)) for name in ("history_run_ms", "history_cursor_ms"))
    assert broken[0] in run and broken[0] in cursor, "it is in the statements"
    with pytest.raises((AssertionError, psycopg.Error)):
        for seed in range(12):
            follow_runs(seed, lab("history_run_ms"), broken)
            follow_cursor(seed, lab("history_cursor_ms"), broken)


def test_a_version_that_stays_keeps_its_row(lab: Callable[[str], Lab]) -> None:
    made = lab("history_run_ms")
    one: Row = {"id": 1, "day": DAY, "at": day(0), "amount": 1, "status": "a"}
    made.run([one], day(1))
    first = made.session.execute("SELECT version, xmin::text FROM dbo.order_history").fetchall()
    made.run([one], day(2))
    assert made.session.execute("SELECT version, xmin::text FROM dbo.order_history").fetchall() == first
    made.run([{**one, "amount": 2}], day(3))
    kept = made.session.execute("SELECT version FROM dbo.order_history ORDER BY version").fetchall()
    assert [kept[0]] == [first[0][:1]] and len(kept) == 2


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        ("UPDATE dbo.order_history SET amount = 9", [1, 0, 0]),
        ("UPDATE dbo.order_history SET is_current = 0", [0, 1, 0]),
        ("UPDATE dbo.order_history SET valid_to = valid_from", [1, 1, 0]),
        ("INSERT INTO dbo.order_history (id, valid_from, is_current) VALUES (7, '2026-01-01', 1)", [0, 0, 1]),
    ],
)
def test_the_proofs_find_what_is_wrong(spoil: str, found: list[int], lab: Callable[[str], Lab]) -> None:
    made = lab("history_run_ms")
    made.run([{"id": 1, "day": DAY, "at": day(0), "amount": 1, "status": "a"}], day(1))
    made.session.execute(spoil.encode())
    asked = [made.session.execute(count.encode()).fetchone() for count in counts(made.name, "prove-versions", GIVEN)]
    assert [row[0] for row in asked if row] == found
