"""What schema_evolution: additive does not do: every other change of a table is refused, or is what it was without."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.test_create_target import introspected, steps
from tests.engines.loads.test_schema_evolution import ADDS, BY_CURSOR, rows, types
from tests.engines.loads.world import World, on

REFUSED: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "key": (
        "ADD COLUMN extra int",
        "incremental_merge",
        BY_CURSOR | {"key": ["id", "extra"]},
        "DP215",
        "it is in the key",
    ),
    "cursor": (
        "ADD COLUMN extra timestamptz NOT NULL DEFAULT now()",
        "incremental_append",
        {"source": {"cursor": {"column": "extra", "assigned_by": "database"}}},
        "DP215",
        "it is the cursor",
    ),
    "partition": (
        "ADD COLUMN extra date NOT NULL DEFAULT now()",
        "partition_replace",
        BY_CURSOR | {"partition": {"column": "extra", "by": "month"}},
        "DP215",
        "would lie in none",
    ),
    "scope": (
        "ADD COLUMN extra date",
        "replace",
        {"source": {"options": {"portable_scope": {"kind": "equality", "column": "extra", "value": "2026-01-01"}}}},
        "DP215",
        "outside of every scope",
    ),
    "renamed": ("RENAME COLUMN note TO remark", "full_refresh", {}, "DP215", "the target also has note"),
    "generated": (
        "ADD COLUMN extra int GENERATED ALWAYS AS (1) STORED",
        "full_refresh",
        {},
        "DP215",
        "computes itself in the source",
    ),
    "identity": (
        "ADD COLUMN extra int GENERATED ALWAYS AS IDENTITY",
        "full_refresh",
        {},
        "DP215",
        "numbers its own rows",
    ),
}


@on("pg18", "chdb")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_more_than_an_addition_is_refused(world: World, case: str) -> None:
    change, mode, given, code, why = REFUSED[case]
    world.orders()
    before = introspected(world)
    world.source(f"ALTER TABLE orders {change}")
    assert why in world.refuses(code, mode, **ADDS, **given)
    assert introspected(world) == before


@on("pg18", "chdb")
def test_a_cast_says_that_a_computed_column_is_a_plain_one(world: World) -> None:
    world.orders()
    world.insert(order(2))
    world.source("ALTER TABLE orders ADD COLUMN extra int GENERATED ALWAYS AS (id * 2) STORED")
    named = [{"name": name} for name in ("id", "amount", "note", "day", "at")]
    world.load("full_refresh", source={"columns": [*named, {"name": "extra", "cast": "integer"}]}, **ADDS).run()
    assert [row[2] for row in rows(world)] == [4]


@on("pg18", "chdb")
def test_a_type_that_changed_is_what_it_was_without(world: World) -> None:
    """The policy says nothing of types: a value that does not fit is counted and stops the run, as ever."""
    world.orders()
    world.insert(order(1))
    world.source("ALTER TABLE orders ALTER COLUMN amount TYPE numeric(30,4), ADD COLUMN extra int")
    world.source("UPDATE orders SET amount = 1.2345")
    world.load("full_refresh", **ADDS)
    assert world.outcome().exit_code != 0
    assert "numeric(18,2)" in str(types(world)) or "Decimal(18, 2)" in str(types(world))


@on("pg18", "chdb")
def test_a_column_that_went_is_told_and_kept(world: World) -> None:
    world.orders()
    world.insert(order(1, "one"))
    world.source("ALTER TABLE orders DROP COLUMN note")
    result = world.compiled("full_refresh", **ADDS)
    assert [d.code for d in result.diagnostics if d.code in ("DP215", "DP216")] == ["DP216"]
    assert not result.failed


@on("pg18")
def test_a_column_of_the_target_that_must_be_filled_is_refused_as_ever(world: World) -> None:
    world.orders()
    world.target("ALTER TABLE orders_copy ADD COLUMN must int NOT NULL")
    world.source("ALTER TABLE orders ADD COLUMN extra int")
    said = world.refuses("DP215", "full_refresh", **ADDS)
    assert "NOT NULL column 'must' is not filled" in said


@on("pg18", "chdb")
def test_without_a_snapshot_there_is_nothing_to_compare(world: World) -> None:
    world.source("CREATE TABLE orders (id bigint NOT NULL, note text); INSERT INTO orders VALUES (1, 'one')")
    said = world.refuses("DP215", "full_refresh", key=["id"], **ADDS)
    assert "no catalog snapshot has the target" in said
    made = {"create_target": "if_missing", "schema_evolution": "additive"}
    world.load("full_refresh", key=["id"], sink=made).run()
    assert "add-columns" not in steps(world)


@on("pg18")
def test_a_name_that_postgres_would_cut_is_refused(world: World) -> None:
    world.orders()
    named = [{"name": name} for name in ("id", "amount", "note", "day", "at")]
    long = {"name": "note", "as": "n" * 64}
    assert "63 bytes" in world.refuses("DP215", "full_refresh", source={"columns": [*named, long]}, **ADDS)


@on("chdb")
def test_an_engine_that_has_no_columns_of_its_own_is_refused(world: World) -> None:
    world.source("CREATE TABLE orders (id bigint NOT NULL, extra int)")
    world.target("CREATE TABLE orders_copy (id Int64) ENGINE = Log")
    assert "MergeTree family" in world.refuses("DP215", "full_refresh", **ADDS)
