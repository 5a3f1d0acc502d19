"""Values, keys and columns: what goes in comes out, and NULL is neither true nor false nor a number."""

from __future__ import annotations

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on
from tests.reports.loads import compiled, loaded

_TEXTS = (
    "",
    None,
    " ",
    "\t",
    "\n",
    "\r\n",
    ",",
    '"',
    "'",
    "\\",
    "\\N",
    "\\\\",
    "🦆",
    "ünïcode 漢字",
    "\x01",
    "\x1f",
    "|",
    "x" * 10_000,
)


@on("pg18", "chdb", "ch18")
def test_sling_518_texts_arrive_byte_by_byte(world: World) -> None:
    """Empty and NULL, separators of every format, the terminators' own bytes, and more than one page."""
    world.orders()
    world.insert(*(order(number, text) for number, text in enumerate(_TEXTS, start=1)))
    compiled(world, "full").run()
    world.same(world.source_rows())


_MOMENTS = ("0001-01-01", "1969-12-31 23:59:59.999999", "1970-01-01", "1970-01-01 00:00:00.000001", "2038-01-19 03:14:08",
            "2106-02-07 06:28:16", "9999-12-31 23:59:59.999999")  # fmt: skip


@on("pg18")
def test_mssql_extension_231_instants_keep_their_unit_on_postgres(world: World) -> None:
    world.orders()
    world.insert(*(order(number, at=at) for number, at in enumerate(_MOMENTS, start=1)))
    compiled(world, "full").run()
    world.same(world.source_rows())


@on("chdb")
def test_mssql_extension_231_instants_keep_their_unit_on_clickhouse(world: World) -> None:
    world.orders()
    # What DateTime64(6) holds on every server from 23.12 on; others stop the load, as the plan says.
    world.insert(*(order(number, at=at) for number, at in enumerate(_MOMENTS[1:6], start=1)))
    compiled(world, "full").run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_dpone_one_and_a_half_is_one_key_however_it_is_written(world: World) -> None:
    world.source("CREATE TABLE orders (id numeric NOT NULL, at timestamptz NOT NULL)")
    columns = "id Decimal(18,4), at DateTime64(6,'UTC')" if world.sink.clickhouse else "id numeric, at timestamptz"
    world.make_target(columns=columns, partition="")
    world.source("INSERT INTO orders VALUES (1.5, '2026-01-01')")
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}).run()
    world.source("UPDATE orders SET id = 1.50, at = clock_timestamp()")
    world.run()
    assert world.count() == 1


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_dpone_a_predicate_that_is_null(world: World, policy: str) -> None:
    """`WHERE NOT (p)` loses rows where p is NULL, and `WHERE p` must not bring them."""
    world.orders()
    world.insert(order(1, "open"), order(2, "open"), order(3, "open"))
    where = {"source": {"cursor": CURSOR, "where": "note <> 'closed'"}, "on_leave_filter": policy}
    world.load("incremental_merge", key=["id"], **where).run()
    world.source("UPDATE orders SET note = NULL, at = clock_timestamp() WHERE id = 2")
    world.run()
    assert {row.id for row in world.rows()} == ({1, 3} if policy == "delete" else {1, 2, 3})


@on("pg18", "chdb", "ch18")
def test_dpone_columns_in_another_order(world: World) -> None:
    """An INSERT … SELECT * goes by place, and swaps the values of two columns of one type without a word."""
    world.source("CREATE TABLE orders (a text, b text, id bigint NOT NULL)")
    text = "Nullable(String)" if world.sink.clickhouse else "text"
    number = "Int64" if world.sink.clickhouse else "bigint"
    world.make_target(columns=f"id {number}, b {text}, a {text}", partition="")
    world.source("INSERT INTO orders VALUES ('a1', 'b1', 1), ('a2', 'b2', 2)")
    world.load("full_refresh").run()
    world.source("INSERT INTO orders VALUES ('a3', 'b3', 3)")
    world.run()
    world.load("incremental_merge", name="merged", key=["id"])
    world.state("adopt", watermark="")
    world.run()
    from_target = "SELECT count(*) FROM orders_copy WHERE a LIKE 'a%' AND b LIKE 'b%'"
    assert world.answer(from_target) == "3"


@on("pg18", "chdb")
def test_dpone_rows_outside_of_the_scope_are_not_touched(world: World) -> None:
    """A replay there emptied the whole target first."""
    loaded(world, "merge")
    outside = order(99, "not of the source", "2026-01-01")
    world.insert_target(outside)
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    world.run()
    assert outside in world.rows()


@on("pg18")
def test_dpone_an_error_at_the_watermark_widens_nothing(world: World) -> None:
    """There an error while the maximum was read became a full load of a truncated target."""
    loaded(world, "merge")
    before = world.rows()
    world.source("DELETE FROM orders")
    world.target("ALTER TABLE dponec.dponec_state RENAME TO elsewhere")
    assert world.outcome().exit_code != 0
    world.same(before)
    world.target("ALTER TABLE dponec.elsewhere RENAME TO dponec_state")
    world.target("UPDATE dponec.dponec_state SET watermark = 'not a time'")
    assert world.outcome().exit_code != 0
    world.same(before)
