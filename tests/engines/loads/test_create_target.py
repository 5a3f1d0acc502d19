"""create_target: if_missing. A target that no snapshot has is made by the plan, loaded, and from then on a table like any other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dpone_compiler.artifacts.bundle import folder_name
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.introspect.clickhouse import read_clickhouse
from dpone_compiler.introspect.postgres import read_postgres
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from tests.engines.loads.hooks import Died, death
from tests.engines.loads.hostile import NASTY, names_of, quoted
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

MAKES = {"sink": {"create_target": "if_missing"}}
MONTHS = {"partition": {"column": "day", "by": "month"}}
LOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("full_refresh", {}),
    "full_by_key": ("full_refresh", {"key": ["id"]} | MONTHS),
    "append": ("incremental_append", {"key": ["id"], "source": {"cursor": CURSOR}}),
    "merge": ("incremental_merge", {"key": ["id"], "source": {"cursor": CURSOR}}),
    "partitions": ("partition_replace", {"key": ["id"], "source": {"cursor": CURSOR}} | MONTHS),
    "compared": ("snapshot_diff", {"key": ["id"]}),
    "auto": ("auto", {"key": ["id"], "source": {"cursor": CURSOR}}),
}
EVERY = ("pg18", "pg15", "chdb", "ch18")


def source_of(world: World) -> World:
    world.source(
        "CREATE TABLE orders (id bigint NOT NULL, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, at timestamptz NOT NULL)"
    )
    world.insert(order(1, "a\tb"), order(2, None, "2026-02-01"), order(3, "", "2026-03-01"))
    return world


def merging(world: World, **given: Any) -> World:
    return world.load("incremental_merge", **{"key": ["id"], "source": {"cursor": CURSOR}, **MAKES, **given})


def designed(world: World) -> dict[str, Any]:
    """What the bundle says that the new target will be."""
    return _compared(
        world, json.loads((world.bundle / "intent.json").read_text())["facts"]["target_table"]["structure"]
    )


def introspected(world: World) -> dict[str, Any]:
    """The same, as the server says it; KeyError where there is no such table."""
    session = open_session(parse_url("dst", world.target_url))
    read = read_clickhouse if world.sink.clickhouse else read_postgres
    try:
        found = read(session, (TableRef(*world.table),))[1]
    except LookupError:
        return {}
    finally:
        session.close()
    return _compared(world, to_plain(found[TableRef(*world.table)].structure))


def _compared(world: World, structure: dict[str, Any]) -> dict[str, Any]:
    """Without what a server adds of its own: the settings of an engine, the engine of a database."""
    said = {**structure, "table_engine": structure["table_engine"].partition(" ")[0], "database_engine": ""}
    return said | ({"replica_identity": None} if world.sink.clickhouse else {})


def on_target(world: World, step: str) -> None:
    """Run the body of a step, as somebody else's hand."""
    found = next(each for each in world.opened().doc.steps if each.id == step)
    session = open_session(parse_url("dst", world.target_url))
    session.run(world.opened().body(found.file), {})
    session.close()


def steps(world: World) -> list[str]:
    return [step.id for step in world.opened().doc.steps]


@on(*EVERY)
@pytest.mark.parametrize("load", LOADS)
def test_it_is_made_loaded_and_then_known(world: World, load: str) -> None:
    """Introspected after the first run, it is what the plan said that it would be; then no step makes it any more."""
    mode, given = LOADS[load]
    if (load, world.sink.name) == ("append", "ch18"):
        pytest.skip("this server has no MOVE PARTITION")
    source_of(world).load(mode, **MAKES, **given).run()
    world.same(world.source_rows())
    assert (
        steps(world).index("check-not-lost") + 1
        == steps(world).index("create-target")
        < steps(world).index("check-target")
    )
    made = designed(world)
    world.insert(order(4, "new", "2026-02-01", world.now()))
    world.run()
    world.same(world.source_rows())
    world.load(mode, **MAKES, **given)
    assert "create-target" not in steps(world)
    assert introspected(world) == made
    world.insert(order(5, "later", "2026-04-01", world.now()))
    world.run()
    world.same(world.source_rows())


@on(*EVERY)
def test_a_run_that_dies_behind_the_ddl_is_begun_again(world: World) -> None:
    merging(source_of(world))
    for point in ("before:create-target", "after-commit:create-target", "before:acquire-lease"):
        faults = death(point)
        with pytest.raises(Died):
            world.outcome(faults=faults)
        assert faults.landed
    assert world.count() == 0
    world.run()
    world.same(world.source_rows())


@on(*EVERY)
def test_a_target_that_was_lost_is_not_made_anew(world: World) -> None:
    merging(source_of(world)).run()
    world.target("DROP TABLE orders_copy")
    outcome = world.fails("DP435")
    assert (outcome.step, outcome.exit_code) == ("check-not-lost", 1)
    world.state("set", watermark="")
    world.run()
    world.same(world.source_rows())


@on(*EVERY)
def test_a_table_that_is_there_is_checked_and_never_changed(world: World) -> None:
    merging(source_of(world))
    world.make_target(
        partition="", columns="id {}, other {}".format(*(("Int32",) * 2 if world.sink.clickhouse else ("int",) * 2))
    )
    before = introspected(world)
    assert "column" in world.fails("DP420").message
    assert introspected(world) == before


@on(*EVERY)
def test_rows_that_are_there_are_adopted_or_refused(world: World) -> None:
    """Another hand makes the very table, and fills it, between compile and run."""
    merging(source_of(world))
    on_target(world, "create-target")
    world.insert_target(order(9))
    world.fails("DP411")


@on(*EVERY)
def test_a_dry_run_makes_nothing(world: World) -> None:
    merging(source_of(world))
    planned = world.outcome(dry_run=True)
    assert (planned.exit_code, planned.status) == (0, "planned")
    assert "not there" in planned.message
    assert introspected(world) == {}
    world.run()
    planned = world.outcome(dry_run=True)
    skipped = {step["step"] for step in planned.details["steps"] if step["skip"]}
    assert (planned.message, "transfer-rows" in skipped) == ("", False)


@on(*EVERY)
def test_without_its_state_table_nothing_is_made(world: World) -> None:
    result = source_of(world).compiled("incremental_merge", key=["id"], source={"cursor": CURSOR}, **MAKES)
    (bundle,) = result.bundles
    write_bundle(bundle, world.folder / "plans")
    world.bundle = world.folder / "plans" / folder_name("orders")
    world.fails("DP416")
    assert introspected(world) == {}


@on(*EVERY)
def test_names_stay_names(tidy: World) -> None:
    world = tidy
    schema, table = names_of(NASTY)
    key, cursor, note = (f"{letter} {NASTY.strip()}"[:55] for letter in "abc")
    world.source_table, world.table = (schema, table), (schema, table)
    pg = [quoted("postgres", each) for each in (schema, table, key, cursor, note)]
    world.source(f"CREATE SCHEMA {pg[0]}")
    world.source(f"CREATE TABLE {pg[0]}.{pg[1]} ({pg[2]} int NOT NULL, {pg[3]} timestamptz NOT NULL, {pg[4]} text)")
    world.source(f"INSERT INTO {pg[0]}.{pg[1]} VALUES (1, '2026-01-01Z', 'x'), (2, '2026-02-01Z', NULL)")
    asked = {"key": [key], "source": {"cursor": {"column": cursor, "assigned_by": "database"}}}
    partition = {"partition": {"column": cursor, "by": "month"}}
    world.load("incremental_merge", **MAKES, **asked, **partition).run()
    made = designed(world)
    world.run()
    world.load("incremental_merge", **MAKES, **asked, **partition)
    assert introspected(world) == made
    world.run()
    ours = [quoted(world.sink.engine, each) for each in (schema, table)]
    assert world.answer(f"SELECT count(*) FROM {ours[0]}.{ours[1]}") == "2"


@on("pg18")
def test_types_that_people_made_arrive_as_text_in_another_database(world: World) -> None:
    world.source("CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN short AS varchar(5)")
    world.source(
        "CREATE TABLE orders (id int PRIMARY KEY, m mood, d short NOT NULL, v varchar(7), n numeric(5,1), j jsonb)"
    )
    world.source("INSERT INTO orders VALUES (1, 'sad', 'x', 'y', 1.5, '{}'), (2, NULL, 'z', NULL, NULL, NULL)")
    world.load("full_refresh", key=["id"], **MAKES).run()
    assert world.asked("SELECT m, d, v FROM orders_copy ORDER BY id") == [("sad", "x", "y"), (None, "z", None)]
    types = world.asked("SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = "
                        "'orders_copy'::regclass AND attnum > 0 ORDER BY attnum")  # fmt: skip
    assert types == [
        ("id", "integer", True),
        ("m", "text", False),
        ("d", "text", True),
        ("v", "character varying(7)", False),
        ("n", "numeric(5,1)", False),
        ("j", "jsonb", False),
    ]


@on("pg18", "chdb")
def test_fifteen_hundred_columns(world: World) -> None:
    """Nearly all that a table of Postgres can have. A digest of so many is longer than ClickHouse takes (max_query_size)."""
    names = [f"c{number}" for number in range(1, 1500)]
    world.source(f"CREATE TABLE orders (id int PRIMARY KEY, {', '.join(f'{name} bool' for name in names)})")
    world.source("INSERT INTO orders (id, c1499) VALUES (1, true), (2, NULL)")
    world.load("full_refresh", key=["id"], reconcile="counts", **MAKES).run()
    assert len(introspected(world)["columns"]) == 1500
    assert world.answer("SELECT count(*) FROM orders_copy WHERE c1499") == "1"


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "partition of NULLs": (
        "full_refresh",
        {"partition": {"column": "later", "by": "month", "nulls": "own"}},
        "needs a Nullable partition key",
    ),
    "no such unit": ("full_refresh", {"partition": {"column": "id", "by": "month"}}, "which has no month"),
    "no version": (
        "incremental_merge",
        {"key": ["id"], "merge_policy": "replacing_merge_tree"},
        "which version of a row",
    ),
}


@on("chdb")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_made_is_refused_at_compile(world: World, case: str) -> None:
    mode, given, why = REFUSED[case]
    world.source("CREATE TABLE orders (id bigint NOT NULL, later date)")
    assert why in world.refuses("DP214", mode, **MAKES, **given)
    assert introspected(world) == {}


@on("chdb")
def test_the_newest_version_is_kept_by_the_engine(world: World) -> None:
    merging(source_of(world), merge_policy="replacing_merge_tree").run()
    made = designed(world)
    assert made["table_engine"] == "ReplacingMergeTree(at)"
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 2")
    world.run()
    world.same(world.source_rows(), final=True)
    assert introspected(world) == made


def stored(**said: object) -> dict[str, Any]:
    """A target that is made, with dpone's words for its storage."""
    return {"sink": MAKES["sink"] | {"options": {"physical_design": {"storage": {"clickhouse": said}}}}}


@on("chdb", "ch18")
@pytest.mark.parametrize("partition", [{}, MONTHS], ids=["by storage alone", "by both"])
def test_it_is_stored_as_the_manifest_says(world: World, partition: dict[str, Any]) -> None:
    said = stored(engine="MergeTree()", order_by="day, id", partition_by=" toYYYYMM( `day` ) ")
    source_of(world).load("full_refresh", key=["id"], **said, **partition).run()
    made = introspected(world)
    assert (made["sorting_key"], made["partition_key"]) == ("day, id", "toYYYYMM(day)")
    assert designed(world) == made
    world.load("full_refresh", key=["id"], **said, **partition).run()
    world.same(world.source_rows())


@on("chdb")
def test_storage_of_names_that_need_quotes(tidy: World) -> None:
    world = tidy
    world.source('CREATE TABLE orders (id bigint NOT NULL, "a`b\'c" date NOT NULL)')
    world.source("INSERT INTO orders VALUES (1, '2026-01-01'), (2, '2026-02-01')")
    said = stored(order_by=["a`b'c", "id"], partition_by="toYYYYMM(`a\\`b\\'c`)")
    world.load("full_refresh", key=["id"], **said).run()
    assert designed(world) == introspected(world)
    assert introspected(world)["primary_key"] == ["a`b'c", "id"]
