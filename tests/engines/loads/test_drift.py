"""What was compiled and what is there: structural drift stops a run by name, statistics and partitions never do."""

from __future__ import annotations

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.test_interrupted import LOADS
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import CURSOR, World, on


def merging(world: World, **given: object) -> World:
    return world.load("incremental_merge", **({"key": ["id"], "source": {"cursor": CURSOR}} | given))


CHANGES = {
    "dropped": ("ALTER TABLE orders_copy DROP COLUMN note", "note"),
    "retyped": ("ALTER TABLE orders_copy ALTER COLUMN amount TYPE numeric(20,4)", "amount"),
    "added": ("ALTER TABLE orders_copy ADD COLUMN extra int NOT NULL", "extra"),
}
SAME_IN_CLICKHOUSE = {
    "retyped": "ALTER TABLE orders_copy MODIFY COLUMN amount Decimal(20,4)",
    "added": "ALTER TABLE orders_copy ADD COLUMN extra Int32",
}


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_column_of_the_target_is_named(world: World, change: str) -> None:
    world.orders()
    world.insert(order(1))
    merging(world)
    sql, column = CHANGES[change]
    world.target(SAME_IN_CLICKHOUSE.get(change, sql) if world.sink.clickhouse else sql)
    outcome = world.fails("DP420")
    assert column in outcome.message
    assert world.count() == 0


@on("pg18", "chdb")
def test_a_changed_column_of_the_source_is_named(world: World) -> None:
    world.orders()
    world.insert(order(1))
    merging(world)
    world.source("ALTER TABLE orders RENAME COLUMN note TO remark")
    assert "note" in world.fails("DP420").message


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_a_retyped_column_of_the_source_is_told_in_the_words_of_its_catalog(world: World, load: str) -> None:
    world.orders()
    world.insert(order(1))
    mode, given = LOADS[load]
    world.load(mode, **given)
    world.source("ALTER TABLE orders ALTER COLUMN note TYPE varchar(30)")
    said = world.fails("DP420").message
    assert "column note is character varying(30), the plan was made for text" in said


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_a_type_in_the_words_of_the_server_is_the_same_type(world: World, load: str) -> None:
    """format_type() leaves out the schema of a type that search_path finds; a snapshot may name it so."""
    world.orders()
    world.source(
        "CREATE TYPE mood AS ENUM ('sad', 'glad'); ALTER TABLE orders ALTER COLUMN note TYPE mood USING note::mood"
    )
    world.insert(order(1, "sad"))
    mode, given = LOADS[load]
    world.load(mode, **given)
    mutate(world, "check-source", lambda text: text.replace("public.mood", "mood"))
    world.run()
    world.same([order(1, "sad")])


@on("pg18", "chdb", "ch18")
def test_a_new_partition_and_twice_the_rows_stop_nothing(world: World) -> None:
    world.orders()
    world.insert(*(order(i) for i in range(1, 6)))
    merging(world).run()
    world.source(
        "INSERT INTO orders SELECT i, i + 0.1, '', '2027-01-01', clock_timestamp() FROM generate_series(6, 10) i; ANALYZE"
    )
    world.source("ALTER TABLE orders ADD COLUMN unused text; CREATE INDEX ON orders (day)")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_columns_in_another_order(world: World) -> None:
    columns = {
        "postgres": "at timestamptz, note text, day date, amount numeric(18,2), id bigint",
        "clickhouse": "at DateTime64(6,'UTC'), note Nullable(String), day Date, amount Decimal(18,2), id Int64",
    }
    world.orders(columns=columns[world.sink.engine])
    world.insert(order(1, "a"), order(2, "b"))
    merging(world).run()
    world.same(world.source_rows())


@on("pg18", "pg15")
def test_identity_and_generated_columns(world: World) -> None:
    world.source(
        "CREATE TABLE orders (id bigint NOT NULL, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, at timestamptz NOT NULL)"
    )
    world.make_target(
        columns="id bigint GENERATED ALWAYS AS IDENTITY, amount numeric(18,2), note text, day date, at timestamptz, "
        "twice numeric GENERATED ALWAYS AS (amount * 2) STORED"
    )
    world.insert(order(7, "a"), order(8))
    merging(world).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 7")
    world.run()
    world.same(world.source_rows())


@on("chdb")
def test_materialized_columns_are_computed(world: World) -> None:
    world.orders(
        columns="id Int64, amount Decimal(18,2), note Nullable(String), day Date, at DateTime64(6,'UTC'), "
        "twice Decimal(18,2) MATERIALIZED amount * 2"
    )
    world.insert(order(7, "a"), order(8))
    told = world.compiled("incremental_merge", key=["id"], source={"cursor": CURSOR}).diagnostics
    assert any("twice: computed anew" in diagnostic.problem.message() for diagnostic in told)
    merging(world).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 7")
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_key_that_is_not_loaded_and_a_column_that_is_not_fed(world: World) -> None:
    world.orders()
    world.refuses("DP204", "incremental_merge", key=["nothing"], source={"cursor": CURSOR})
    world.refuses("DP204", "incremental_merge", key=["id"], source={"cursor": CURSOR, "columns": ["note", "at"]})


@on("pg18")
def test_a_not_null_column_that_nothing_feeds_is_warned_of(world: World) -> None:
    world.orders()
    result = world.compiled("full_refresh", source={"columns": ["id", "note"]})
    assert {d.code for d in result.diagnostics} == {"DP206"}
    world.insert(order(1))
    world.load("full_refresh", source={"columns": ["id", "note"]}).fails("DP420")
    world.same([])
