"""Keys that Postgres calls equal and that are not the same: the row has the key as the source writes it now."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.engines.loads.world import CURSOR, World, on

POSTGRES = ("pg18", "pg15")
# Kind of the key -> the key as it is loaded first, and as the source has it afterwards.
KEYS = {
    "citext": ("abc", "ABC"),
    "float8": ("0", "-0"),
    "float4": ("0", "-0"),
    "interval": ("1 mon", "30 days"),
}
LOADS: dict[str, tuple[str, dict[str, Any]]] = {
    **{policy: ("incremental_merge", {"source": {"cursor": CURSOR}, "merge_policy": policy})
       for policy in ("upsert", "update_insert", "delete_insert")},
    "snapshot": ("snapshot_diff", {}),
}  # fmt: skip


def _rows(url: str, table: str) -> list[tuple[Any, ...]]:
    """The server's own texts: Python calls 0 and -0 equal, too."""
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(f'SELECT id::text COLLATE "C", note FROM {table} ORDER BY 1'.encode()).fetchall()


def _follows(world: World, load: str, level: str, kinds: tuple[str, str], key: tuple[str, str]) -> None:
    """`kinds`: of the key at the source and at the target."""
    world.source(f"CREATE TABLE orders (id {kinds[0]} PRIMARY KEY, note text, at timestamptz NOT NULL)")
    world.target(f"CREATE TABLE orders_copy (id {kinds[1]} PRIMARY KEY, note text, at timestamptz NOT NULL)")
    first, then = key
    world.source("INSERT INTO orders VALUES (%s, 'v1', '2026-01-01')", [(first,)])
    mode, given = LOADS[load]
    world.load(mode, key=["id"], reconcile=level, **given).run()
    world.source("DELETE FROM orders")
    world.source("INSERT INTO orders VALUES (%s, 'v1', clock_timestamp())", [(then,)])
    world.run()
    expected = _rows(world.source_url, "orders")
    assert _rows(world.target_url, "orders_copy") == expected != [(first, "v1")]
    world.run()
    assert _rows(world.target_url, "orders_copy") == expected


@on(*POSTGRES)
@pytest.mark.parametrize("level", ["keys", "content"])
@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("load", LOADS)
def test_the_key_is_as_the_source_writes_it(world: World, load: str, kind: str, level: str) -> None:
    if kind == "citext":
        world.source("CREATE EXTENSION citext")
        world.target("CREATE EXTENSION citext")
    _follows(world, load, level, (kind, kind), KEYS[kind])


@on("pg15")
@pytest.mark.parametrize("load", LOADS)
def test_a_collation_that_sees_no_case(world: World, load: str) -> None:
    """The wheel is built without ICU."""
    world.target("CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    _follows(world, load, "content", ("text", "text COLLATE blind"), ("abc", "ABC"))


@on("pg18")
def test_a_row_of_nothing_but_its_key(world: World) -> None:
    world.source("CREATE TABLE orders (id float8 PRIMARY KEY)")
    world.target("CREATE TABLE orders_copy (id float8 PRIMARY KEY)")
    world.source("INSERT INTO orders VALUES (0)")
    world.load("snapshot_diff", key=["id"]).run()
    world.source("UPDATE orders SET id = '-0'")
    world.run()
    assert world.answer("SELECT id FROM orders_copy") == "-0.0"
