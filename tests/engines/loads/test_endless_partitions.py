"""Rows before the year 1 and at infinity: no name of a partition means them, so they are refused and not left out."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.engines.loads.world import CURSOR, World, on

POSTGRES = ("pg18", "pg15")
ENDLESS = ("0001-12-31 BC", "4713-01-01 BC", "infinity", "-infinity")


def _tables(world: World, kind: str, rows: tuple[tuple[int, str | None], ...]) -> None:
    columns = f"id bigint NOT NULL, day {kind}, at timestamptz NOT NULL"
    world.source(f"CREATE TABLE orders ({columns})")
    world.target(f"CREATE TABLE orders_copy ({columns})")
    world.source("INSERT INTO orders VALUES (%s, %s, '2026-01-02')", rows)


def _days(url: str, table: str) -> list[tuple[Any, ...]]:
    """As texts: Python has no such days."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET TimeZone = 'UTC'")
        return session.execute(f"SELECT id, day::text FROM {table} ORDER BY id".encode()).fetchall()


def _load(world: World, by: str, **given: Any) -> World:
    partition = {"column": "day", "by": by, **given.pop("partition", {})}
    return world.load("partition_replace", source={"cursor": CURSOR}, partition=partition, **given)


@on(*POSTGRES)
@pytest.mark.parametrize("kind", ["date", "timestamptz", "timestamp"])
@pytest.mark.parametrize("by", ["day", "month", "value"])
def test_a_changed_row_that_lies_in_no_partition_is_refused(world: World, kind: str, by: str) -> None:
    _tables(world, kind, ((1, "2026-01-01"),))
    _load(world, by, partition={"nulls": "own"}, key=["id"]).run()
    for day in ENDLESS:
        world.source("INSERT INTO orders VALUES (2, %s, clock_timestamp())", [(day,)])
        before = world.state("show")["watermark"]
        assert "where no partition has a name" in world.fails("DP506").message
        assert world.state("show")["watermark"] == before
        world.source("DELETE FROM orders WHERE id = 2")
        world.run()  # the attempt that was stopped, with its own window
    assert _days(world.target_url, "orders_copy") == _days(world.source_url, "orders")


@on("pg18")
def test_where_the_target_holds_such_a_row_of_a_changed_key(world: World) -> None:
    _tables(world, "date", ((1, "2026-01-01"), (2, "2026-01-01")))
    _load(world, "month", key=["id"]).run()
    world.target("UPDATE orders_copy SET day = '0044-03-15 BC' WHERE id = 2")
    world.source("UPDATE orders SET at = clock_timestamp() WHERE id = 2")
    world.fails("DP506")


@on("pg18")
def test_a_whole_replacement_refuses_such_rows_of_both_sides(world: World) -> None:
    _tables(world, "date", ((1, "2026-01-01"), (2, "0044-03-15 BC")))
    world.load("partition_replace", partition={"column": "day", "by": "month"}).fails("DP506")
    world.source("DELETE FROM orders WHERE id = 2")
    world.run()
    world.target("INSERT INTO orders_copy VALUES (3, 'infinity', '2026-01-02')")
    world.fails("DP506")


@on(*POSTGRES)
@pytest.mark.parametrize("kind", ["date", "timestamptz"])
def test_the_first_day_and_years_of_five_digits_have_names(world: World, kind: str) -> None:
    _tables(world, kind, ((1, "0001-01-01"), (2, "10000-01-01"), (3, None)))
    _load(world, "month", partition={"nulls": "own"}, key=["id"]).run()
    world.source("UPDATE orders SET at = clock_timestamp(), id = id + 10")
    world.run()
    assert _days(world.target_url, "orders_copy") == _days(world.source_url, "orders")
