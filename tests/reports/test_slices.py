"""Partitions, slices and time zones."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from tests.engines.loads.model import order
from tests.engines.loads.world import World, on
from tests.reports.loads import MONTHLY, compiled, loaded


@on("pg18", "chdb")
def test_dbt_bigquery_544_a_null_partition_value_is_refused_or_a_partition_of_its_own(world: World) -> None:
    world.orders(day="")
    world.insert(order(1), order(2, day=None))
    compiled(world, "partitions").fails("DP506")
    world.same([])


@on("pg18")
def test_dbt_adapters_2121_the_partition_column_stands_bare_in_the_delete(world: World) -> None:
    """A function around it would keep the server from leaving partitions out."""
    world.orders()
    compiled(world, "partitions")
    (text,) = (path.read_text(encoding="utf-8") for path in world.bundle.glob("steps/*delete-partitions.sql"))
    statement = text[text.index("DELETE FROM") : text.index("GET DIAGNOSTICS")].strip().rstrip(";")
    where = sqlglot.parse_one(statement, dialect="postgres").args["where"]
    for bound in (exp.GTE, exp.LT):
        compared = where.find(bound)
        assert isinstance(compared.this, exp.Column) and compared.this.name == "day"
        assert not list(compared.expression.find_all(exp.Column)) or "v" in {
            c.name for c in compared.expression.find_all(exp.Column)
        }


@on("pg18", "chdb")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Karachi", "America/New_York"])
def test_dbt_core_11417_read_window_and_deleted_slice_are_one(world: World, zone: str) -> None:
    """Days of an instant, with sessions in other zones, on the days when the clocks change."""
    world.orders(partition="toDate(at)")
    world.source(f"ALTER DATABASE \"{world.source_url.rpartition('/')[2]}\" SET timezone = '{zone}'")
    if not world.sink.clickhouse:
        world.target(f"ALTER DATABASE \"{world.target_url.rpartition('/')[2]}\" SET timezone = '{zone}'")
    # 2026-03-08 02:30 and 2026-11-01 01:30 of New York; midnight of UTC, of Karachi, and a moment before each.
    moments = ("2026-03-08 07:30", "2026-11-01 05:30", "2026-11-01 06:30", "2026-03-07 23:59:59", "2026-03-08 00:00",
               "2026-03-08 18:59:59", "2026-03-08 19:00")  # fmt: skip
    world.insert(*(order(number, at=at) for number, at in enumerate(moments, start=1)))
    by_day = {"column": "at", "by": "day"}
    compiled(world, "partitions", source={}, partition=by_day).run()
    world.same(world.source_rows())
    world.source("DELETE FROM orders WHERE id IN (1, 4); UPDATE orders SET note = 'v2' WHERE id IN (2, 5, 6)")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_dpone_sixty_five_partitions_with_a_limit_of_sixty_four(world: World) -> None:
    world.orders()
    world.source(
        "INSERT INTO orders SELECT i, i, '', (date '2020-01-01' + i * interval '1 month')::date, '2026-01-01' "
        "FROM generate_series(0, 64) i"
    )
    compiled(world, "partitions", partition={**MONTHLY, "max_partitions": 64}).fails("DP505")
    world.same([])


@on("chdb", "ch18")
def test_dpone_a_slice_of_a_day_against_a_key_of_months(world: World) -> None:
    """310 rows became 1 there: the slice of a day took the place of the month."""
    world.orders(partition="toStartOfMonth(day)")
    assert "would be lost" in world.refuses("DP308", "partition_replace", partition={"column": "day", "by": "day"})


@on("chdb", "ch18")
def test_dpone_tuple_and_missing_partition_keys(world: World) -> None:
    world.orders(partition="(toYYYYMM(day), id % 2)")
    world.insert(order(1), order(2), order(3, day="2026-02-01"))
    compiled(world, "partitions").run()
    world.source("DELETE FROM orders WHERE id = 2; UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.same(world.source_rows())
    world.target("DROP TABLE orders_copy")
    world.make_target(partition="")
    world.refuses("DP308", "partition_replace", partition=MONTHLY)


@on("pg18", "chdb", "ch18")
def test_dpone_a_partition_that_was_emptied_at_the_source(world: World) -> None:
    loaded(world, "partitions")
    world.source("UPDATE orders SET day = '2026-02-15', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.same(world.source_rows())
    assert {row.day.month for row in world.rows() if row.day} == {2, 3}
