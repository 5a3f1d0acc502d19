"""scd2: every version of a key with the half-open time in which it held. Compared with the model after every run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dpone_compiler.verify.meaning.asked import Asked, Cursor, Loaded, Outcome, Refused, Row, Source, State, Versions
from dpone_compiler.verify.meaning.scd2 import scd2
from tests.engines.loads.world import World, on

SINKS = ("pg18", "chdb")
NAMES = ("id", "city", "at", "valid_from", "valid_to", "is_current")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CURSOR = {"column": "at", "lag": "0 seconds"}


def people(world: World, *, partition: str = "toYYYYMM(valid_from)", order_by: str = "(id, is_current)") -> World:
    """People and where they live; on ClickHouse the history is sorted by a column that changes, and cut by time."""
    world.source("CREATE TABLE orders (id bigint, city text, at timestamptz NOT NULL)")
    if world.sink.clickhouse:
        moment = "DateTime64(6, 'UTC')"
        columns = (
            f"id Nullable(Int64), city Nullable(String), at {moment}, valid_from {moment}, "
            f"valid_to Nullable({moment}), is_current Bool, row_hash String"
        )
        by = f" PARTITION BY {partition}" if partition else ""
        tail = f" ENGINE = MergeTree{by} ORDER BY {order_by} SETTINGS allow_nullable_key = 1"
        world.target(f"CREATE TABLE orders_copy ({columns}){tail}")
    else:
        world.target(
            "CREATE TABLE orders_copy (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bigint, city text, "
            "at timestamptz, valid_from timestamptz NOT NULL, valid_to timestamptz, is_current boolean NOT NULL, row_hash text);"
            "CREATE UNIQUE INDEX ON orders_copy (id) WHERE is_current; CREATE UNIQUE INDEX ON orders_copy (id, valid_from)"
        )
    return world


def live(world: World, *rows: tuple[int | None, str | None, int]) -> None:
    """The source holds exactly these rows: (id, city, day of `at`)."""
    world.source("TRUNCATE orders")
    if rows:
        world.source("INSERT INTO orders VALUES (%s, %s, %s)", [(i, city, day(n)) for i, city, n in rows])


def day(number: int) -> datetime:
    """The n-th day of the tests' time, ten days apart, so that they lie in several months."""
    return BEGIN + timedelta(days=10 * number)


def keeping(world: World, cursor: bool, **given: Any) -> World:
    """The load; dated by its cursor, or by its run."""
    source = {"cursor": CURSOR} if cursor else {"columns": [{"name": "id"}, {"name": "city"}, {"name": "at"}]}
    return world.load("scd2", key=["id"], **({"source": source} | given))


def history(world: World) -> list[Row]:
    """The target's versions, all values as the model has them."""
    shown = ", ".join(NAMES)
    if not world.sink.clickhouse:
        return [dict(zip(NAMES, row, strict=True)) for row in world.asked(f"SELECT {shown} FROM orders_copy")]
    found = world.asked(f"SELECT {shown} FROM orders_copy")
    return [dict(zip(NAMES, map(_typed, NAMES, row), strict=True)) for row in found]


def _typed(name: str, text: str) -> Any:
    if text == "\\N":
        return None
    if name == "id":
        return int(text)
    if name == "is_current":
        return text in ("1", "true")
    return text if name == "city" else datetime.fromisoformat(text).replace(tzinfo=UTC)


class Expected:
    """The model beside the engine: what the target must hold after each run."""

    def __init__(self, cursor: bool, **asked: Any) -> None:
        versions = Versions(since="at") if cursor else Versions(since=None, compare=("city", "at"))
        self.asked = Asked(key=("id",), cursor=Cursor("at") if cursor else None, versions=versions, **asked)
        self.rows: tuple[Row, ...] = ()
        self.state = State()

    def after(self, world: World, outcome: Any) -> Outcome:
        """One more run: the window and the instant are those of the engine's own run."""
        state = world.state("show")
        high = datetime.fromisoformat(state["window_high"])
        with_ = [dict(zip(("id", "city", "at"), row, strict=True)) for row in _source(world)]
        source = Source(rows=tuple(with_), now=high, horizon=high)
        made = scd2(self.rows, source, self.state, self.asked)
        if isinstance(made, Loaded):
            self.rows, self.state = made.target, made.state
        return made

    def same(self, world: World) -> None:
        """The target is the model's."""
        assert in_order(history(world)) == in_order({name: row[name] for name in NAMES} for row in self.rows)


def _source(world: World) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(world.source_url, autocommit=True) as session:
        session.execute("SET TimeZone = 'UTC'")
        return session.execute("SELECT id, city, at FROM orders").fetchall()


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Versions in an order that does not depend on the engine."""
    return sorted(rows, key=lambda row: [(value is not None, str(value)) for value in row.values()])


def one(world: World, expected: Expected) -> None:
    """Run both and compare; then run both once more on the same source."""
    for _ in range(2):
        expected.after(world, world.run())
        expected.same(world)
        sound(world)


def sound(world: World) -> None:
    """One current version a key, which alone is open; no two overlap; asked of the rows and not of the model."""
    by_key: dict[Any, list[Row]] = {}
    for row in history(world):
        if row["id"] is not None:
            by_key.setdefault(row["id"], []).append(row)
    for rows in by_key.values():
        rows.sort(key=lambda row: row["valid_from"])
        assert sum(row["is_current"] for row in rows) <= 1
        for row, later in zip(rows, [*rows[1:], None], strict=True):
            assert row["is_current"] == (row["valid_to"] is None)
            assert row["valid_to"] is None or row["valid_from"] < row["valid_to"]
            assert later is None or row["valid_to"] <= later["valid_from"]


@on("pg18", "pg15", "chdb")
def test_snapshots_open_change_close_and_return(world: World) -> None:
    people(world)
    live(world, (1, "Oslo", 0), (2, "Rome", 0), (3, None, 0))
    keeping(world, cursor=False)
    expected = Expected(cursor=False)
    one(world, expected)
    live(world, (1, "Oslo", 0), (2, "Bonn", 0), (3, "", 0), (4, "Kiel", 0))
    one(world, expected)
    live(world, (1, "Oslo", 0), (4, None, 0))  # 2 and 3 are gone
    one(world, expected)
    assert {row["id"] for row in history(world) if row["is_current"]} == {1, 4}
    live(world, (1, "Oslo", 0), (2, "Bonn", 0), (4, None, 0))  # 2 is back as it was: a new version, and the gap stays
    one(world, expected)
    assert [row["valid_to"] is None for row in in_order(history(world)) if row["id"] == 2].count(True) == 1
    assert len([row for row in history(world) if row["id"] == 2]) == 3


@on("pg18", "pg15", "chdb")
def test_late_versions_split_join_and_correct(world: World) -> None:
    people(world)
    live(world, (1, "Paris", 2), (2, "Oslo", 2), (3, "Bonn", 2))
    keeping(world, cursor=True, source={"cursor": {**CURSOR, "lookback": "3650 days"}})
    expected = Expected(cursor=True)
    expected.asked = replace(expected.asked, cursor=Cursor("at", lookback=timedelta(days=3650)))
    one(world, expected)
    live(world, (1, "Rome", 9), (2, "Oslo", 9), (3, "Kiel", 9))
    one(world, expected)
    # 1: a version between the two; 2: one that is like its neighbours; 3: one like the later one joins it.
    live(world, (1, "Berlin", 5), (2, "Oslo", 5), (3, "Kiel", 5))
    one(world, expected)
    cities = [(row["city"], row["valid_from"], row["valid_to"]) for row in in_order(history(world)) if row["id"] == 1]
    assert cities == [("Berlin", day(5), day(9)), ("Paris", day(2), day(5)), ("Rome", day(9), None)]
    assert len([row for row in history(world) if row["id"] == 2]) == 1
    assert {row["valid_from"] for row in history(world) if row["id"] == 3} == {day(2), day(5)}
    # Before the first version; the same time again with another value corrects it.
    live(world, (1, "Wien", 1), (2, "Lyon", 2), (3, "Bonn", 5))
    one(world, expected)
    assert {row["city"] for row in history(world) if row["id"] == 2} == {"Lyon"}
    assert {row["city"] for row in history(world) if row["id"] == 3} == {"Bonn"}


@on(*SINKS)
def test_two_versions_of_a_key_in_one_load_and_a_tie(world: World) -> None:
    people(world)
    live(world, (1, "Paris", 2), (1, "Rome", 5), (1, "Rome", 7), (2, "Oslo", 3))
    keeping(world, cursor=True)
    expected = Expected(cursor=True)
    one(world, expected)
    assert len(history(world)) == 3
    live(world, (1, "Bonn", 8), (1, "Kiel", 8))
    world.source(f"UPDATE orders SET at = '{world.now()}+00'")
    world.fails("DP504")
    assert isinstance(expected.after(world, None), Refused)
    expected.same(world)


@on(*SINKS)
@pytest.mark.parametrize("policy", ["expire", "ignore"])
def test_an_empty_snapshot(world: World, policy: str) -> None:
    people(world)
    live(world, (1, "Oslo", 0), (2, "Rome", 0))
    given = {"scd2": {"delete_policy": policy}}
    keeping(world, cursor=False, **given)
    expected = Expected(cursor=False)
    expected.asked = replace(expected.asked, versions=replace(expected.asked.versions, missing=policy))
    one(world, expected)
    live(world)
    world.fails("DP502")
    expected.same(world)
    world.state("abort", run_id=world.state("show")["run_id"])
    for slice_ in ("keep", "clear"):
        keeping(world, cursor=False, empty_slice=slice_, **given)
        expected.asked = replace(expected.asked, empty_slice=slice_)
        expected.after(world, world.run())
        expected.same(world)
    assert all(row["is_current"] == (policy == "ignore") for row in history(world))


@on(*SINKS)
def test_missing_keys_that_are_ignored_stay_open(world: World) -> None:
    people(world)
    live(world, (1, "Oslo", 0), (2, "Rome", 0))
    keeping(world, cursor=False, scd2={"delete_policy": "ignore"})
    expected = Expected(cursor=False)
    expected.asked = replace(expected.asked, versions=replace(expected.asked.versions, missing="ignore"))
    one(world, expected)
    live(world, (1, "Kiel", 0))
    one(world, expected)
    assert {row["id"] for row in history(world) if row["is_current"]} == {1, 2}


@on(*SINKS)
def test_versions_with_a_null_key_are_left_alone(world: World) -> None:
    people(world)
    stamp = "toDateTime64('2026-01-01', 6, 'UTC')" if world.sink.clickhouse else "'2026-01-01+00'"
    columns = "id, city, at, valid_from, valid_to, is_current"
    now = " SETTINGS async_insert = 0" if world.sink.clickhouse else ""
    values = f"(NULL, 'x', {stamp}, {stamp}, NULL, true), (NULL, 'y', {stamp}, {stamp}, NULL, true)"
    world.target(f"INSERT INTO orders_copy ({columns}){now} VALUES {values}")
    live(world, (1, "Oslo", 0))
    keeping(world, cursor=False)
    world.state("adopt", watermark="")
    world.run()
    live(world, (2, "Oslo", 0))
    world.run()
    nobody = [(row["city"], row["is_current"]) for row in in_order(history(world)) if row["id"] is None]
    assert nobody == [("x", True), ("y", True)]
    live(world, (None, "Oslo", 0))
    world.fails("DP503")


@on("pg18", "pg15")
def test_a_version_that_stays_keeps_its_row(world: World) -> None:
    people(world)
    live(world, (1, "Oslo", 0), (2, "Rome", 0))
    keeping(world, cursor=False).run()
    before = dict(world.asked("SELECT id, version FROM orders_copy"))
    live(world, (1, "Kiel", 0), (2, "Rome", 0))
    world.run()
    after = world.asked("SELECT id, version FROM orders_copy WHERE city IN ('Oslo', 'Rome')")
    assert dict(after) == before
    assert world.asked("SELECT count(*) FROM orders_copy WHERE length(row_hash) = 32") == [(3,)]


@on(*SINKS)
def test_a_history_from_the_future_is_refused(world: World) -> None:
    people(world)
    live(world, (1, "Oslo", 0))
    keeping(world, cursor=False).run()
    live(world, (1, "Kiel", 0))
    later = "toDateTime64('2100-01-01', 6, 'UTC')" if world.sink.clickhouse else "'2100-01-01+00'"
    now = " SETTINGS async_insert = 0" if world.sink.clickhouse else ""
    world.target(
        f"INSERT INTO orders_copy (id, city, at, valid_from, valid_to, is_current){now} "
        f"VALUES (9, 'x', {later}, {later}, NULL, true)"
    )
    before = history(world)
    world.fails("DP513")
    assert in_order(history(world)) == in_order(before)


@on(*SINKS)
def test_technical_columns_must_be_there_and_fit(world: World) -> None:
    people(world)
    given: dict[str, Any] = {"key": ["id"]}
    said = world.refuses("DP233", "scd2", scd2={"valid_to_column": "till"}, **given)
    assert "no column 'till'" in said
    assert "cannot be used as current" in world.refuses(
        "DP234", "scd2", scd2={"current_flag_column": "row_hash"}, **given
    )
    world.refuses("DP235", "scd2", scd2={"valid_from_column": "at"}, **given)
    world.refuses("DP234", "scd2", scd2={"valid_to_column": "valid_from", "valid_from_column": "valid_to"}, **given)


@on(*SINKS)
def test_what_it_cannot_mean_is_refused(world: World) -> None:
    people(world)
    read = {"columns": [{"name": "id"}, {"name": "city"}], "cursor": CURSOR}
    assert "has to be loaded" in world.refuses("DP230", "scd2", key=["id"], source=read)
    assert "part of the key" in world.refuses("DP230", "scd2", key=["id", "at"], source={"cursor": CURSOR})
    nulls = {"cursor": {**CURSOR, "nulls": "always_read"}}
    assert "has no time" in world.refuses("DP230", "scd2", key=["id"], source=nulls)


@on(*SINKS)
def test_the_cursor_may_be_loaded_as_the_time_itself(world: World) -> None:
    people(world)
    world.target("ALTER TABLE orders_copy DROP COLUMN at")
    live(world, (1, "Oslo", 2), (2, "Rome", 3))
    columns = [{"name": "id"}, {"name": "city"}, {"name": "at", "as": "valid_from"}]
    keeping(world, cursor=True, source={"cursor": CURSOR, "columns": columns}).run()
    world.source(f"UPDATE orders SET city = 'Kiel', at = '{world.now()}+00' WHERE id = 1")
    world.run()
    found = world.asked("SELECT id, city, is_current FROM orders_copy ORDER BY id, valid_from")
    assert [(int(id_), city) for id_, city, _ in found] == [(1, "Oslo"), (1, "Kiel"), (2, "Rome")]
