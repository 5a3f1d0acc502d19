"""scd2: histories that somebody else began, and the times that date versions, to the last digit of the cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.engines.loads.test_scd2 import CURSOR, SINKS, history, in_order, keeping, live, people, sound
from tests.engines.loads.world import World, on


@on("pg18", "pg15", "chdb")
@pytest.mark.parametrize("cursor", [True, False])
def test_an_adopted_history_whose_open_versions_end_at_a_date_is_refused(world: World, cursor: bool) -> None:
    people(world)
    _held(world, 1, "Oslo", "2299-12-31", current=True)
    _held(world, 2, "Rome", None, current=True)
    live(world, (1, "Kiel", 5), (2, "Bonn", 5))
    keeping(world, cursor=cursor)
    world.state("adopt", watermark="")
    before = history(world)
    outcome = world.fails("DP515")
    assert "has an end in valid_to" in outcome.message
    assert in_order(history(world)) == in_order(before)
    # What the page says to do.
    _mend(world)
    world.state("abort", run_id=world.state("show")["run_id"])
    world.run()
    sound(world)
    assert {(row["id"], row["city"]) for row in history(world) if row["is_current"]} == {(1, "Kiel"), (2, "Bonn")}


@on(*SINKS)
def test_an_end_of_a_key_that_is_gone_is_refused_where_missing_keys_expire(world: World) -> None:
    people(world)
    _held(world, 1, "Oslo", "2299-12-31", current=True)
    live(world, (2, "Bonn", 5))
    keeping(world, cursor=False)
    world.state("adopt", watermark="")
    world.fails("DP515")
    # Where they are left alone, nobody asks when they end.
    world.state("abort", run_id=world.state("show")["run_id"])
    keeping(world, cursor=False, scd2={"delete_policy": "ignore"})
    world.run()
    assert {row["id"] for row in history(world) if row["is_current"]} == {1, 2}


def _held(world: World, key: int, city: str, end: str | None, *, current: bool) -> None:
    """A version that somebody else wrote."""

    def stamp(text: str) -> str:
        return f"toDateTime64('{text}', 6, 'UTC')" if world.sink.clickhouse else f"'{text}+00'"

    now = " SETTINGS async_insert = 0" if world.sink.clickhouse else ""
    begin, ends = stamp("2026-01-01"), stamp(end) if end else "NULL"
    world.target(
        f"INSERT INTO orders_copy (id, city, at, valid_from, valid_to, is_current){now} "
        f"VALUES ({key}, '{city}', {begin}, {begin}, {ends}, {current})"
    )


def _mend(world: World) -> None:
    if world.sink.clickhouse:
        world.target("ALTER TABLE orders_copy UPDATE valid_to = NULL WHERE is_current SETTINGS mutations_sync = 2")
    else:
        world.target("UPDATE orders_copy SET valid_to = NULL WHERE is_current")


@on("pg18", "pg15")
@pytest.mark.parametrize(
    ("at", "begin", "end", "refused"),
    [
        ("timestamptz", "timestamptz(0)", "timestamptz", "valid_from"),
        ("timestamptz", "timestamptz", "timestamptz(3)", "valid_to"),
        ("timestamptz(3)", "timestamptz(3)", "timestamptz", ""),
        ("timestamp", "timestamptz", "timestamptz", "valid_from"),
        ("timestamp", "timestamp", "timestamptz", "valid_to"),
        ("timestamp", "timestamp", "timestamp", ""),
        ("timestamptz", "timestamp", "timestamp", ""),  # the wall clock of UTC
    ],
)
def test_the_time_of_a_version_is_the_cursors_to_the_last_digit(
    world: World, at: str, begin: str, end: str, refused: str
) -> None:
    """Ten days of the tests are one moment here: rounded, two versions would be one, and in another zone each would be another time."""
    world.source(f"CREATE TABLE orders (id bigint, city text, at {at} NOT NULL)")
    world.target(
        f"CREATE TABLE orders_copy (id bigint, city text, at {at}, valid_from {begin} NOT NULL, valid_to {end}, "
        "is_current boolean NOT NULL)"
    )
    given: dict[str, Any] = {"key": ["id"], "source": {"cursor": CURSOR}}
    if refused:
        assert repr(refused) in world.refuses("DP234", "scd2", **given)
        return
    world.load("scd2", **given)
    world.source(
        "INSERT INTO orders VALUES (1, 'Oslo', '2026-01-05 10:00:10.200'), (1, 'Rome', '2026-01-05 10:00:10.400')"
    )
    world.run()
    utc = " AT TIME ZONE 'UTC'"
    clocks = f"valid_from{utc if begin.startswith('timestamptz') else ''}, valid_to{utc if end.startswith('timestamptz') else ''}"
    found = world.asked(f"SELECT city, {clocks} FROM orders_copy ORDER BY valid_from")
    first, second = datetime(2026, 1, 5, 10, 0, 10, 200_000), datetime(2026, 1, 5, 10, 0, 10, 400_000)
    assert found == [("Oslo", first, second), ("Rome", second, None)]


@on("chdb")
@pytest.mark.parametrize("kind", ["DateTime('UTC')", "DateTime64(3, 'UTC')"])
def test_versions_are_not_dated_by_whole_seconds_of_a_finer_cursor(world: World, kind: str) -> None:
    world.source("CREATE TABLE orders (id bigint, city text, at timestamptz NOT NULL)")
    columns = "id Int64, city Nullable(String), at DateTime64(6, 'UTC'), is_current UInt8"
    world.target(
        f"CREATE TABLE orders_copy ({columns}, valid_from {kind}, valid_to Nullable({kind})) ENGINE = MergeTree ORDER BY id"
    )
    assert "times that differ would be one" in world.refuses("DP234", "scd2", key=["id"], source={"cursor": CURSOR})
    # Versions that are dated by the run are seconds apart.
    assert not world.compiled("scd2", key=["id"]).failed
