"""Damage that the proofs must see: staged rows that change behind the run's back, and a target that does not take them as they are.

A proof that cannot fail proves nothing (olake 1178, rivet 233): each kind of damage stops the run, and the watermark stays.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

# On Postgres and on ClickHouse; {table} is the damaged one.
_DAMAGE = {
    "lost": ("DELETE FROM {table} WHERE id = 2", "ALTER TABLE {table} DELETE WHERE id = 2 SETTINGS mutations_sync = 1"),
    "doubled": (
        "INSERT INTO {table} SELECT * FROM {table} WHERE id = 2",
        "INSERT INTO {table} SETTINGS async_insert = 0 SELECT * FROM {table} WHERE id = 2",
    ),
    "altered": (
        "UPDATE {table} SET note = 'other' WHERE id = 2",
        "ALTER TABLE {table} UPDATE note = 'other' WHERE id = 2 SETTINGS mutations_sync = 1",
    ),
}
_LOADS = {
    "merge": ("incremental_merge", {"key": ["id"], "source": {"cursor": CURSOR}}),
    "append": ("incremental_append", {"source": {"cursor": CURSOR}}),
    "partitions": (
        "partition_replace",
        {"key": ["id"], "source": {"cursor": CURSOR}, "partition": {"column": "day", "by": "month"}},
    ),
    "full": ("full_refresh", {}),
}


def _loaded(world: World, load: str, **more: object) -> World:
    world.orders()
    world.insert(*(order(number, f"v{number}") for number in (1, 2, 3)))
    mode, given = _LOADS[load]
    return world.load(mode, **given, **more, reconcile="content")


def _damage(world: World, table: Callable[[], str], what: str) -> Callable[[], None]:
    return lambda: world.target(_DAMAGE[what][world.sink.clickhouse].format(table=table()))


def _staging(world: World) -> str:
    (name,) = [name for name in world.leftovers() if "rows" in name]
    return f'"{name}"' if not world.sink.clickhouse else f"`{name}`"


def _stands_still(world: World) -> None:
    assert world.state("show")["watermark"] == ""
    assert world.state("show")["phase"] != "done"


@on("pg18", "chdb")
@pytest.mark.parametrize("what", _DAMAGE)
def test_staged_rows_that_are_not_the_ones_that_were_sent(world: World, what: str) -> None:
    _loaded(world, "merge")
    world.fails("DP501", faults=When("before:check-staged-rows", _damage(world, lambda: _staging(world), what)))
    world.same([])
    _stands_still(world)


@on("pg18", "chdb")
@pytest.mark.parametrize("load", _LOADS)
def test_rows_that_get_lost_between_the_proof_and_the_change(world: World, load: str) -> None:
    _loaded(world, load)
    first = next((step.id for step in world.opened().doc.steps if step.kind in _CHANGES), "fence-finalize")
    point = f"before:{first}"
    outcome = world.outcome(faults=When(point, _damage(world, lambda: _staging(world), "lost")))
    assert outcome.exit_code != 0
    _stands_still(world)


_CHANGES = ("build_rewrite", "move_partitions", "replace_partitions", "exchange_tables", "check_window_owned")


@on("chdb")
@pytest.mark.parametrize("what", _DAMAGE)
@pytest.mark.parametrize("load", ["merge", "partitions", "full"])
def test_a_target_that_is_changed_before_the_proof(world: World, load: str, what: str) -> None:
    _loaded(world, load)
    world.fails("DP510", faults=When("before:reconcile", _damage(world, lambda: "orders_copy", what)))
    _stands_still(world)


# A trigger of somebody else is inside the transaction, where no other session can reach.
_TRIGGERS = {
    "lost": "RETURN CASE WHEN NEW.id = 2 THEN NULL ELSE NEW END;",
    "altered": "NEW.note := 'other'; RETURN NEW;",
    "moved": "NEW.id := NEW.id + 10; RETURN NEW;",
}


@on("pg18", "pg15")
@pytest.mark.parametrize("what", _TRIGGERS)
@pytest.mark.parametrize("load", _LOADS)
def test_a_trigger_that_does_not_take_the_rows_as_they_are(world: World, load: str, what: str) -> None:
    _loaded(world, load)
    body = f"BEGIN {_TRIGGERS[what]} END"
    world.target(f"CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $f$ {body} $f$")
    world.target("CREATE TRIGGER meddle BEFORE INSERT ON orders_copy FOR EACH ROW EXECUTE FUNCTION meddle()")
    world.fails("DP510")
    world.same([])
    _stands_still(world)


@on("pg18")
def test_a_trigger_that_keeps_rows_from_being_deleted(world: World) -> None:
    _loaded(world, "merge", merge_policy="delete_insert").run()
    world.target("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$")
    world.target("CREATE TRIGGER keep BEFORE DELETE ON orders_copy FOR EACH ROW EXECUTE FUNCTION keep()")
    before = world.rows()
    world.source("UPDATE orders SET note = 'v9', at = clock_timestamp() WHERE id = 2")
    world.fails("DP510")
    world.same(before)
