"""replace: the target's rows inside the declared scope are the source's rows inside it; all others stay, NULL among them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import EVERYWHERE, World, on

FEBRUARY = {"kind": "range", "column": "day", "lower": "2026-02-01", "upper": "2026-03-01"}


def replacing(world: World, scope: dict[str, Any], **given: Any) -> World:
    return world.load("replace", source={"options": {"portable_scope": scope}, **given.pop("source", {})}, **given)


@on(*EVERYWHERE)
def test_the_scope_is_replaced_and_the_rest_stays(world: World) -> None:
    world.orders(day="", partition="toYYYYMM(assumeNotNull(day))")
    old = [
        order(1, "jan", "2026-01-31"),
        order(2, "first", "2026-02-01"),
        order(3, "gone", "2026-02-28"),
        order(4, "edge", "2026-03-01"),
        order(5, "none", None),
    ]
    world.insert_target(*old)
    new = [
        order(2, "v2", "2026-02-01"),
        order(6, "new", "2026-02-28"),
        order(7, "not read", "2026-03-01"),
        order(8, "not read", None),
    ]
    world.insert(*new)
    replacing(world, FEBRUARY).state("adopt", watermark="")
    expected = [old[0], old[3], old[4], new[0], new[1]]
    world.run()
    world.same(expected)
    world.run()
    world.same(expected)


@on("pg18", "chdb", "ch18")
def test_inclusive_open_and_single_values(world: World) -> None:
    world.orders()
    days = ("2026-01-31", "2026-02-01", "2026-03-01", "2026-03-02")
    world.insert_target(*(order(i, "old", day) for i, day in enumerate(days)))
    world.insert(*(order(i, "new", day) for i, day in enumerate(days)))
    for scope, inside in (
        ({**FEBRUARY, "inclusive": True}, (1, 2)),
        ({"kind": "equality", "column": "day", "value": "2026-01-31"}, (0, 1, 2)),
        ({"kind": "range", "column": "id", "lower": 3}, (0, 1, 2, 3)),
    ):
        loaded = replacing(world, scope)
        if not world.runs:
            loaded.state("adopt", watermark="")
        loaded.run()
        assert {row.id for row in world.rows() if row.note == "new"} == set(inside)


@on("pg18", "chdb")
def test_texts_numbers_and_instants(world: World) -> None:
    world.orders()
    rows = [
        order(1, "it's"),
        order(2, "other"),
        order(3, None, at="2026-05-01 10:00:00.5"),
        order(4)._replace(amount=Decimal("1.50")),
    ]
    world.insert(*rows)
    for scope, ids in (
        ({"kind": "equality", "column": "note", "value": "it's"}, {1}),
        ({"kind": "equality", "column": "amount", "value": "1.5"}, {1, 4}),
        ({"kind": "range", "column": "at", "lower": "2026-05-01T12:00:00+02:00", "upper": "2026-05-02"}, {1, 3, 4}),
    ):
        replacing(world, scope).run()
        assert {row.id for row in world.rows()} == ids


@on("pg15")
def test_texts_that_the_target_calls_equal_are_rows_of_other_scopes(world: World) -> None:
    world.target("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    columns = "id bigint, amount numeric(18,2), note text COLLATE ci, day date, at timestamptz"
    world.orders(columns=columns)
    world.insert(order(1, "eu"), order(2, "EU"))
    world.insert_target(order(9, "Eu"))
    replacing(world, {"kind": "equality", "column": "note", "value": "eu"})
    world.state("adopt", watermark="")
    world.run()
    world.same([order(1, "eu"), order(9, "Eu")])


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("policy", ["fail", "clear"])
def test_an_empty_scope(world: World, policy: str) -> None:
    world.orders()
    world.insert(order(1, day="2026-02-01"), order(2, day="2026-05-01"))
    replacing(world, FEBRUARY).run()
    world.same([order(1, day="2026-02-01")])
    world.source("DELETE FROM orders WHERE id = 1")
    replacing(world, FEBRUARY, empty_slice=policy)
    if policy == "fail":
        world.fails("DP502")
    else:
        world.run()
    world.same([] if policy == "clear" else [order(1, day="2026-02-01")])


@on("pg18", "chdb")
@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"kind": "range", "column": "day", "lower": "2026-02-01", "upper": "2026-02-01"}, "is empty"),
        ({"kind": "range", "column": "day", "lower": "2026-02-30"}, "is no date"),
        ({"kind": "range", "column": "at", "lower": "2026-02-01 00:00:00.1234567"}, "is no timestamp"),
        ({"kind": "range", "column": "note", "lower": "a"}, "no range that both engines agree on"),
        ({"kind": "equality", "column": "id", "value": "1 OR 1=1"}, "is no int"),
        ({"kind": "equality", "column": "nothing", "value": 1}, "is not loaded"),
    ],
)
def test_what_is_no_scope_is_refused(world: World, scope: dict[str, Any], said: str) -> None:
    world.orders()
    assert said in world.refuses("DP230", "replace", source={"options": {"portable_scope": scope}})


@on("pg18")
def test_a_raw_predicate_is_refused(world: World) -> None:
    """dpone's report D40: `1=1` emptied the table. A text of SQL is no scope at all."""
    world.orders()
    world.refuses("DP015", "replace", source={"options": {"portable_scope": FEBRUARY}}, custom_predicate="1=1")


@on("pg18", "chdb", "ch18")
def test_a_limit_on_deletes_or_a_staged_row_outside(world: World) -> None:
    """The mutants: a wider read is stopped before the target is touched; a wider delete takes the edge away, and is seen."""
    world.orders(partition="toYear(day)")
    edge = order(2, "edge", "2026-03-01")
    world.insert_target(edge)
    world.insert(order(1, day="2026-02-01"), order(3, "not read", "2026-03-01"))
    replacing(world, FEBRUARY).state("adopt", watermark="")
    mutate(world, r"fingerprint-source|transfer-rows.*extract", lambda text: text.replace('"day" < ', '"day" <= '))
    world.fails("DP514")
    world.same([edge])
    world.state("abort", run_id=world.state("show")["run_id"])
    replacing(world, FEBRUARY)
    if world.sink.clickhouse:
        mutate(world, "build-rewrite", lambda text: text.replace("`day` < ", "`day` <= "))
    else:
        mutate(world, "delete-scope", lambda text: text.replace('"day" < ', '"day" <= '))
    world.outcome()
    assert edge not in world.rows()


@on("chdb", "ch18")
def test_a_dropped_null_branch_is_seen(world: World) -> None:
    """dpone's report D32: `NOT (predicate)` alone loses the rows where the predicate is NULL."""
    world.orders(day="", partition="")
    world.insert_target(order(5, "none", None))
    world.insert(order(1, day="2026-02-01"))
    replacing(world, FEBRUARY).state("adopt", watermark="")
    mutate(world, "build-rewrite", lambda text: re.sub(r"NOT ifNull\((.*?), 0\)", r"NOT \1", text))
    world.outcome()
    assert [row.id for row in world.rows()] == [1]
