"""What check-source and check-target ask of a catalog: each kind of drift by name, types in every form, and the very table that is meant.

The runs end at the step behind the check, so that each is short.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.loads.hooks import Died, death
from tests.engines.loads.test_interrupted import LOADS
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import World, on

ORDERS = "id bigint NOT NULL, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, at timestamptz NOT NULL"

# Types as Postgres names them wherever search_path points. Base types of functions of the server's own stand for those of
# extensions: one with an element, as point has, and one with a length, as PostGIS' geometry(Point,4326).
MAKE_TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE "Odd One" AS ENUM ('a'); CREATE DOMAIN tags AS text[];
CREATE TYPE pair;
CREATE FUNCTION pair_in(cstring) RETURNS pair LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION pair_out(pair) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE TYPE pair (INPUT = pair_in, OUTPUT = pair_out, INTERNALLENGTH = 16, ALIGNMENT = double, ELEMENT = float8);
CREATE TYPE word;
CREATE FUNCTION word_in(cstring, oid, integer) RETURNS word LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION word_mod(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION word_mod(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, TYPMOD_IN = word_mod, TYPMOD_OUT = word_mod);
"""
TYPES = {
    "varchar(30)": "character varying(30)", "integer[]": "integer[]", "mood": "public.mood", "mood[]": "public.mood[]",
    '"Odd One"': 'public."Odd One"', "tags": "public.tags", "pair": "public.pair", "word(30)": "public.word(30)",
}  # fmt: skip


def _passes(world: World, step: str) -> None:
    """The check finds nothing: the run comes to the step behind it, and dies there."""
    steps = [each.id for each in world.opened().doc.steps]
    with pytest.raises(Died):
        world.outcome(faults=death(f"before:{steps[steps.index(step) + 1]}"))


def _found(world: World) -> str:
    """What a check says has changed."""
    return world.fails("DP420").message.partition("has changed: ")[2]


def _loaded(world: World, load: str) -> World:
    world.orders()
    mode, given = LOADS[load]
    return world.load(mode, **given)


def _every_type(world: World, step: str) -> Iterator[tuple[str, str]]:
    """(statement that gives note the type, its words); the plan is made for text, and then for the type."""
    for kind, words in TYPES.items():
        yield f"ALTER TABLE {{}} DROP COLUMN note; ALTER TABLE {{}} ADD COLUMN note {kind}", words
        assert _found(world) == f"column note is {words}, the plan was made for text"
        mutate(world, step, lambda text, words=words: text.replace("'text'", f"'{words}'"))
        _passes(world, step)
        mutate(world, step, lambda text, words=words: text.replace(f"'{words}'", "'text'"))


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_every_form_of_a_type_of_the_source(world: World, load: str) -> None:
    _loaded(world, load).source(MAKE_TYPES)
    for change, _ in _every_type(world, "check-source"):
        world.source(change.replace("{}", "orders"))


@on("pg18", "pg15")
@pytest.mark.parametrize("load", LOADS)
def test_every_form_of_a_type_of_the_target(world: World, load: str) -> None:
    _loaded(world, load).target(MAKE_TYPES)
    for change, _ in _every_type(world, "check-target"):
        world.target(change.replace("{}", "orders_copy"))


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_all_that_changed_in_the_source_is_told_at_once(world: World, load: str) -> None:
    _loaded(world, load)
    world.source("ALTER TABLE orders DROP COLUMN note, ADD COLUMN note text GENERATED ALWAYS AS ('x') STORED")
    _passes(world, "check-source")  # it is read, and who fills it is no matter
    world.source("ALTER TABLE orders ALTER amount TYPE bigint, DROP COLUMN day, ALTER at DROP NOT NULL")
    told = ["column amount is bigint, the plan was made for numeric(18,2)", "column day is gone"]
    cursor = [] if load == "full" else ["column at may be NULL now"]
    assert _found(world) == "; ".join([*told[:1], *cursor, *told[1:]])


@on("pg18", "pg15")
@pytest.mark.parametrize("load", LOADS)
def test_all_that_changed_in_a_postgres_target_is_told_at_once(world: World, load: str) -> None:
    _loaded(world, load)
    world.target("ALTER TABLE orders_copy ADD COLUMN d int GENERATED ALWAYS AS (1) STORED, ADD COLUMN e int NOT NULL")
    world.target("ALTER TABLE orders_copy DROP COLUMN e")
    if load not in ("merge", "partitions"):  # there it would be lost with rows that are deleted and inserted again
        world.target(
            "ALTER TABLE orders_copy ADD COLUMN a int, ADD COLUMN b int NOT NULL DEFAULT 1, ADD COLUMN c int GENERATED ALWAYS AS IDENTITY"
        )
    _passes(world, "check-target")
    world.target(
        "ALTER TABLE orders_copy ALTER amount TYPE bigint, DROP COLUMN day, ADD COLUMN extra int NOT NULL,"
        " DROP COLUMN note, ADD COLUMN note text GENERATED ALWAYS AS ('x') STORED"
    )
    assert _found(world) == (
        "column amount is bigint, the plan was made for numeric(18,2); column day is gone; "
        "column extra is new, NOT NULL and has no default, and the plan does not write it; column note is generated now"
    )


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("kind", ["PARTITIONED", "VIEW", "MATERIALIZED VIEW", "FOREIGN", "TYPE"])
def test_what_a_source_may_be(world: World, kind: str, load: str) -> None:
    """A view has no NOT NULL, which a cursor asks for. A row type has columns, and no rows."""
    _loaded(world, load)
    world.source("ALTER TABLE orders RENAME TO held")
    if kind == "FOREIGN":
        world.source("CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none")
    world.source({
        "PARTITIONED": f"CREATE TABLE orders ({ORDERS}) PARTITION BY RANGE (day)",
        "FOREIGN": f"CREATE FOREIGN TABLE orders ({ORDERS}) SERVER far",
        "TYPE": f"CREATE TYPE orders AS ({ORDERS.replace(' NOT NULL', '')})",
    }.get(kind, f"CREATE {kind} orders AS SELECT * FROM held"))  # fmt: skip
    if kind == "TYPE":
        assert "is not there" in world.fails("DP420").message
    elif "VIEW" in kind and load != "full":
        assert _found(world) == "column at may be NULL now"
    else:
        _passes(world, "check-source")


def _others(world: World, name: str, when: str) -> str:
    return f"CREATE SCHEMA {when}; CREATE TABLE {when}.{name} (id text); CREATE TABLE {name}_{when} (id text NOT NULL)"


@on("pg18", "chdb")
@pytest.mark.parametrize("load", LOADS)
def test_a_table_beside_the_source_is_not_looked_at(world: World, load: str) -> None:
    world.source(_others(world, "orders", "before"))
    _loaded(world, load).source(_others(world, "orders", "after"))
    _passes(world, "check-source")


@on("pg18")
@pytest.mark.parametrize("load", LOADS)
def test_a_table_beside_a_postgres_target_is_not_looked_at(world: World, load: str) -> None:
    world.target(_others(world, "orders_copy", "before"))
    _loaded(world, load).target(_others(world, "orders_copy", "after"))
    _passes(world, "check-target")


_COLUMNS = "id Int64, amount Decimal(18,2), note Nullable(String), day Date, at DateTime64(6, 'UTC')"
_FORM = "ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY id"
DRIFT = {
    "column amount is not there with type Decimal(18, 2)": (_COLUMNS.replace("18", "17"), _FORM),
    "column extra is new, and the plan does not fill it": (_COLUMNS + ", extra Int8", _FORM),
    "partition_key is not 'toYYYYMM(day)' but toYear(day)": (_COLUMNS, _FORM.replace("YYYYMM", "Year")),
    "sorting_key is not 'id' but at": (_COLUMNS, _FORM.replace("BY id", "BY at")),
    "engine is not 'MergeTree' but ReplacingMergeTree": (_COLUMNS, _FORM.replace("= ", "= Replacing")),
}


@on("chdb")
@pytest.mark.parametrize("load", LOADS)
def test_each_change_of_a_clickhouse_target_is_named_whatever_stands_beside_it(world: World, load: str) -> None:
    """Beside it: tables before and behind it by name, in its own database, and of its name in others."""
    _loaded(world, load)
    computed = "ADD COLUMN a Int8 MATERIALIZED 1, ADD COLUMN b Int8 ALIAS 1, ADD COLUMN c Int8 EPHEMERAL 1"
    filled = "ADD COLUMN d Nullable(Int8), ADD COLUMN e Int8 DEFAULT 1"
    written_again = load in ("merge", "partitions")  # what only the target has would be reset
    world.target(f"ALTER TABLE orders_copy {computed}" + ("" if written_again else f", {filled}"))
    others = [f"{letter}_{world.table[0]}" for letter in "bz"]
    beside = [*(f"{database}.orders_copy" for database in others), "a_orders_copy", "z_orders_copy"]
    try:
        for database in others:
            world.target(f"CREATE DATABASE {database}")
        for name in beside:
            world.target(f"CREATE TABLE {name} (other Int8) ENGINE = Log")
        _passes(world, "check-target")
        for name in beside:
            world.target(f"DROP TABLE {name}")
            world.target(f"CREATE TABLE {name} ({_COLUMNS}) {_FORM}")
        filled_too = {"column d is new, and the plan does not fill it": (f"{_COLUMNS}, d Nullable(Int8)", _FORM)}
        for said, (columns, form) in (DRIFT | (filled_too if written_again else {})).items():
            world.target("DROP TABLE orders_copy")
            world.target(f"CREATE TABLE orders_copy ({columns}) {form}")
            assert world.fails("DP420").message == f"{said} (1)"
    finally:
        for database in others:
            world.target(f"DROP DATABASE IF EXISTS {database}")
