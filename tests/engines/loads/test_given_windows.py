"""`--window`: it never moves the watermark past the horizon, and what is no window is refused before anything is opened."""

from __future__ import annotations

import shlex
from typing import Any

import psycopg
import pytest

from dpone_compiler.runtime.outcome import RunOutcome
from tests.engines.loads.hooks import Died, death
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

_MERGE: dict[str, Any] = {"key": ["id"], "source": {"cursor": CURSOR}}
_YEAR = ("2026-01-01 00:00+00", "2099-01-01 00:00+00")
_LATER = "INSERT INTO orders VALUES ({}, {}, '', '2026-01-01', {})"
_KEPT = ("phase", "watermark", "run_id", "window_low", "window_high", "attempt", "committed_run_id")


def _ready(world: World) -> World:
    world.orders()
    world.insert(order(1, at="2026-01-05"), order(2, at="2026-01-15"))
    world.load("incremental_merge", **_MERGE).run()
    return world


def _state(world: World) -> dict[str, str]:
    row = world.state("show")
    return {name: row.get(name, "") for name in _KEPT}


def _asked_again(outcome: RunOutcome) -> tuple[str, str]:
    """The window of the command that the refusal names."""
    words = shlex.split(outcome.next)
    assert words[:2] == ["dponec", "run"]
    low, high = words[words.index("--window") + 1 :]
    return low, high


@on("pg18", "pg15", "chdb", "ch18")
def test_a_row_that_comes_after_a_reload_into_the_future_is_not_lost(world: World) -> None:
    _ready(world)
    world.source("UPDATE orders SET note = 'fixed' WHERE id = 1")
    before = _state(world)
    refused = world.fails("DP447", window=_YEAR)
    assert (refused.exit_code, refused.status, refused.step) == (1, "refused", "freeze-window")
    assert _state(world) == before
    low, high = _asked_again(refused)
    assert high in refused.message
    world.run(window=(low, high))
    assert world.state("show")["watermark"] == high
    world.same(world.source_rows())
    world.source(_LATER.format(3, 3, "clock_timestamp()"))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_window_ends_before_a_transaction_that_is_open(world: World) -> None:
    """Its rows carry its own start, however late it commits."""
    _ready(world)
    with psycopg.connect(world.source_url) as writer:
        writer.execute(_LATER.format(3, 3, "now()").encode())
        window = ("2026-01-01", world.now())
        refused = world.fails("DP447", window=window)
        world.run(window=_asked_again(refused))
    assert {row.id for row in world.rows()} == {1, 2}
    world.run(window=window)
    world.same(world.source_rows())
    world.source(_LATER.format(4, 4, "clock_timestamp()"))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_lag_holds_a_given_window_back_too(world: World) -> None:
    world.orders()
    world.insert(order(1))
    world.load("incremental_merge", key=["id"], source={"cursor": {"column": "at", "lag": "1 hour"}}).run()
    world.fails("DP447", window=("2026-01-01", world.now()))


@on("pg18", "chdb")
@pytest.mark.parametrize(
    "word", ["now", "today", "infinity", "tomorrow", "2026-13-45", "'; DROP TABLE orders_copy; --", "", "12"]
)
def test_what_is_no_instant_is_no_window(world: World, word: str) -> None:
    """12 is a number, so that only the source's answer shows that it is none of this cursor."""
    _ready(world)
    before = _state(world)
    for window in (("2026-01-01", word), (word, "2026-02-01"), (word, word)):
        assert world.fails("DP445", window=window).exit_code == 2
        assert _state(world) == before
    world.source(_LATER.format(3, 3, "clock_timestamp()"))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_garbage_opens_nothing_on_a_first_run(world: World) -> None:
    world.orders()
    world.insert(order(1))
    world.load("incremental_merge", **_MERGE)
    assert world.fails("DP445", window=("x", "y")).exit_code == 2
    world.fails("DP447", window=("-infinity", "2099-01-01"))
    world.same([])
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize(
    ("mode", "given"),
    [
        ("full_refresh", {}),
        ("snapshot_diff", {"key": ["id"]}),
        ("replace", {"source": {"options": {"portable_scope": {"kind": "equality", "column": "id", "value": 1}}}}),
    ],
)
def test_a_plan_that_reads_the_source_whole_takes_no_window(world: World, mode: str, given: dict[str, Any]) -> None:
    world.orders(partition="" if mode == "full_refresh" else "toYYYYMM(day)")
    world.insert(order(1))
    world.load(mode, **given)
    refused = world.fails("DP415", window=("2026-01-01", "2026-02-01"))
    assert refused.exit_code == 2
    world.same([])


@on("pg18", "chdb")
def test_numbers_end_behind_the_highest_that_is_there(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    world.load("incremental_merge", key=["id"], source={"cursor": {"column": "id", "lag": 0}}).run()
    refused = world.fails("DP447", window=("1", "1000"))
    assert _asked_again(refused) == ("1", "3")
    for low, high in (("2026-01-01", "2026-01-02"), ("-infinity", "3"), ("1", "1.5"), ("3", "2")):
        assert world.fails("DP445", window=(low, high)).exit_code == 2
    world.source("UPDATE orders SET note = 'v2'")
    world.run(window=("1", "3"))
    world.insert(order(3))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_an_unfinished_attempt_keeps_its_given_window(world: World) -> None:
    _ready(world)
    world.source("UPDATE orders SET note = 'fixed'")
    with pytest.raises(Died):
        world.outcome(window=("2026-01-01 00:00+00", "2026-01-10"), faults=death("before:check-staged-rows"))
    dead = world.state("show")
    assert (dead["phase"], dead["window_high"]) == ("open", "2026-01-10 00:00:00.000000+00:00")
    world.fails("DP414", window=("2026-01-01", "2026-01-20"))
    done = world.run(window=("2026-01-01T02:00+02:00", "2026-01-10 00:00Z"))
    assert done.run_id == dead["run_id"]
    assert world.state("show")["watermark"] == dead["watermark"]
    assert {row.id for row in world.rows() if row.note == "fixed"} == {1}


@on("pg18", "chdb")
def test_a_plain_run_goes_on_with_an_attempt_of_a_given_window(world: World) -> None:
    _ready(world)
    world.source("UPDATE orders SET note = 'fixed'")
    with pytest.raises(Died):
        world.outcome(window=("2026-01-01", "2026-01-10"), faults=death("before:check-staged-rows"))
    dead = world.state("show")
    assert world.run().run_id == dead["run_id"]
    assert {row.id for row in world.rows() if row.note == "fixed"} == {1}


@on("pg18", "chdb")
def test_what_stops_the_next_window_stops_a_given_one(world: World) -> None:
    world.orders(at="")
    world.insert(order(1), order(2, at=None))
    world.load("incremental_merge", key=["id"], source={"cursor": {**CURSOR, "nulls": "fail"}})
    world.fails("DP508", window=("-infinity", "2026-02-01"))
    world.same([])


@on("pg18", "chdb")
def test_a_dry_run_asks_for_the_horizon_in_its_plan(world: World) -> None:
    _ready(world)
    planned = world.outcome(window=("2026-01-01", "2026-01-10"), dry_run=True)
    (freeze,) = (step for step in planned.details["steps"] if step["step"] == "freeze-window")
    assert (planned.status, freeze["skip"]) == ("planned", "")
