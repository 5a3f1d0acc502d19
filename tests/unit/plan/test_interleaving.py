"""The explorer: what it finds in whole plans, and that it finds what goes wrong when a lock, a fence or a lease is taken away."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from dpone_compiler.backends.postgres import BACKEND
from dpone_compiler.ir.interval import Interval
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.interleaving.late import late_number, late_writer
from dpone_compiler.plan.interleaving.model import OLD, SWITCH, Script, explore
from dpone_compiler.plan.interleaving.scripts import (
    READS_COMMITTED,
    READS_REPEATABLE,
    on_one_host,
    taking_over,
    without,
)
from dpone_compiler.plan.interleaving.verdicts import NOTHING, _late_writer, worst_of_reader, worst_of_writers
from tests.compiled_bundles import CASES, EXAMPLES, bundle

LOCK, FENCE, TABLE = ("lock", "target"), ("fence", ""), ("lock", "table")
POSTGRES: Script = (LOCK, FENCE, TABLE, ("see", ""), ("delete", ""), ("insert", ""), ("commit", ""))
TRUNCATING: Script = (LOCK, FENCE, TABLE, ("truncate", ""), ("insert", ""), ("commit", ""))
PARTITIONS: Script = (("replace", "p1"), ("replace", "p2"), ("state", ""))
LEASED: Script = (("renew", ""), *PARTITIONS)
EXCHANGE: Script = (("replace", "all"), ("state", ""))
SWAPPING: Script = (LOCK, FENCE, TABLE, ("truncate", "swap"), ("insert", ""), ("commit", ""))
SWITCHING: Script = (LOCK, FENCE, TABLE, ("truncate", SWITCH), ("insert", ""), ("commit", ""))
APPENDING: Script = (LOCK, FENCE, ("insert", ""), ("commit", ""))
MOVING: Script = (("move", "p1"), ("move", "p2"), ("state", ""), ("drop_staging", ""))
# ClickHouse's delete and insert, one after the other.
BARE: Script = (
    *(("see", ""), ("delete", ""), ("apply", ""), ("insert", ""), ("apply", "")), ("state", ""), ("drop_staging", ""),
)  # fmt: skip
EMPTYING: Script = (("replace", "p2"), ("drop", "p1"), ("state", ""))
VERSIONS: Script = (("version", "p1"), ("version", "p2"), ("state", ""))
_LOST = "an update is lost: a newer run's rows are replaced by an older one's"


@pytest.mark.parametrize("script", [POSTGRES, TRUNCATING, SWAPPING, SWITCHING, PARTITIONS, EXCHANGE, LEASED, VERSIONS])
def test_a_run_that_lost_its_lease_harms_nothing(script: Script) -> None:
    assert worst_of_writers(explore(script, taking_over(script)), newest="B") == NOTHING


@pytest.mark.parametrize("script", [APPENDING, MOVING])
def test_rows_are_added_once_by_the_run_that_goes_on(script: Script) -> None:
    assert worst_of_writers(explore(script, taking_over(script)), added=1) == NOTHING
    repeated = (
        ("take", ""),
        *taking_over(script)[1:],
    )  # the mutant: it does not ask whether the older run has committed
    assert script == MOVING or worst_of_writers(explore(script, repeated), added=1) == "rows are there twice"


def test_a_moved_partition_that_stayed_in_staging_would_come_twice() -> None:
    inserted = tuple(("insert", "") if verb == "move" else (verb, name) for verb, name in MOVING if name != "p2")
    ends = explore(inserted, taking_over(inserted))
    assert worst_of_writers(ends, added=1) != NOTHING


def test_two_loads_add_their_rows_each() -> None:
    other = without(APPENDING, FENCE)
    assert worst_of_writers(explore(APPENDING, other), added=2) == NOTHING
    assert worst_of_writers(explore(APPENDING, other), added=1) == "rows are there twice"


def test_delete_and_insert_in_two_statements_keep_nobody_out() -> None:
    """No fence, and both are at one run: its staging is there for a run that lost its lease. On one host the file lock does it."""
    assert worst_of_writers(explore(BARE, taking_over(BARE)), newest="B") == "rows are there twice"
    assert worst_of_writers(explore(on_one_host(BARE), on_one_host(taking_over(BARE))), newest="B") == NOTHING


def test_a_reader_with_an_older_snapshot_is_refused_by_a_switch() -> None:
    ends = explore(SWITCHING, READS_REPEATABLE)
    assert worst_of_reader(ends) == NOTHING and any(end.world.sessions[1].over for end, _ in ends)
    assert not any(end.world.sessions[1].over for end, _ in explore(SWITCHING, READS_COMMITTED))
    assert worst_of_reader(explore(SWAPPING, READS_REPEATABLE)) == "no row is seen"


def test_without_the_fence_an_update_is_lost() -> None:
    assert worst_of_writers(explore(without(POSTGRES, FENCE), taking_over(POSTGRES)), newest="B") == _LOST


def test_without_dropped_staging_an_update_is_lost() -> None:
    """The lost lease where nothing fences the data: ClickHouse across hosts."""
    assert (
        worst_of_writers(explore(PARTITIONS, without(taking_over(PARTITIONS), ("drop_staging", ""))), newest="B")
        == _LOST
    )


def test_the_drop_of_an_emptied_partition_comes_late() -> None:
    """It needs no staging: a newer run, which has put rows there and committed, is not asked."""
    newer = (("take", ""), ("drop_staging", ""), *PARTITIONS)
    assert worst_of_writers(explore(EMPTYING, newer), newest="B") == "rows are missing"
    assert worst_of_writers(explore(on_one_host(EMPTYING), on_one_host(newer)), newest="B") == NOTHING
    assert worst_of_writers(explore(without(EMPTYING, ("drop", "p1")), newer), newest="B") == NOTHING


def test_a_lease_that_is_only_asked_for_needs_the_dropped_staging_as_well() -> None:
    """The run may sleep between its question and its statement."""
    assert worst_of_writers(explore(LEASED, without(taking_over(LEASED), ("drop_staging", ""))), newest="B") == _LOST


def test_without_any_lock_two_loads_double_their_rows() -> None:
    bare = without(POSTGRES, LOCK, TABLE, FENCE)
    assert worst_of_writers(explore(bare, bare)) == "rows are there twice"


@pytest.mark.parametrize("kept", [LOCK, TABLE])
def test_either_lock_alone_keeps_two_loads_apart(kept: tuple[str, str]) -> None:
    bare = without(POSTGRES, FENCE, *({LOCK, TABLE} - {kept}))
    assert worst_of_writers(explore(bare, bare)) == NOTHING


def test_two_runs_without_the_file_lock_may_mix_their_partitions() -> None:
    together = explore(PARTITIONS, PARTITIONS)
    assert worst_of_writers(together) != NOTHING
    assert worst_of_writers(explore(on_one_host(PARTITIONS), on_one_host(PARTITIONS))) == NOTHING


def test_what_readers_see() -> None:
    assert worst_of_reader(explore(POSTGRES, READS_COMMITTED)) == NOTHING
    assert worst_of_reader(explore(POSTGRES, READS_REPEATABLE)) == NOTHING
    assert worst_of_reader(explore(TRUNCATING, READS_REPEATABLE)) == "no row is seen"
    assert worst_of_reader(explore(SWAPPING, READS_COMMITTED)) == NOTHING
    assert worst_of_reader(explore(SWAPPING, READS_REPEATABLE)) == "no row is seen"
    assert worst_of_reader(explore(BARE, READS_COMMITTED)) == "no row is seen"
    assert worst_of_reader(explore(APPENDING, READS_COMMITTED), added=1) == NOTHING
    assert worst_of_reader(explore(MOVING, READS_COMMITTED), added=1).startswith("new rows of one partition")
    assert worst_of_reader(explore(EXCHANGE, READS_COMMITTED)) == NOTHING
    assert worst_of_reader(explore(PARTITIONS, READS_COMMITTED)).startswith("old and new partitions")


def test_a_late_writer_is_lost_by_a_lag_alone() -> None:
    assert [late_writer(*case)[1] for case in ((False, False), (True, True), (True, False))] == [False, False, True]
    assert late_writer(windowed=True, horizon=False, captured=True)[1] is False


def test_a_number_is_lost_that_was_taken_before_the_table_was_touched() -> None:
    assert late_number() == (30, True)


def window(native: str, lag: int | None = None) -> FreezeWindow:
    interval = Interval(column="at", type=BACKEND.parse_type(native))
    return FreezeWindow(interval=interval, lag=lag, lookback=0, assigned_by_database=True)


@pytest.mark.parametrize(
    ("native", "lag", "worst", "why"),
    [
        ("timestamp with time zone", None, NOTHING, "oldest open transaction begins"),
        ("timestamp with time zone", 60, "a row that commits after the lag is never read", "60 seconds ago"),
        ("timestamp", None, NOTHING, "as far as one time zone stamps the rows"),
        ("date", None, NOTHING, "as far as one time zone stamps the rows"),
        ("bigint", None, "a row whose number was taken before its transaction touched the table is never read", "a lock waits"),
        ("bigint", 5, "a row that commits after the lag is never read", "5 seconds ago"),
    ],
)  # fmt: skip
def test_what_a_late_writer_of_each_cursor_loses(native: str, lag: int | None, worst: str, why: str) -> None:
    found = _late_writer(window(native, lag), captured=False)
    assert (found.worst, why in found.why) == (worst, True), found


def test_every_order_is_tried() -> None:
    """Two scripts that never wait meet in as many orders as their letters can be shuffled."""
    first, second = (("read", ""),) * 3, (("snapshot", ""), ("read", ""))
    shuffled = set(permutations("aaabb"))
    assert sum(orders for _, orders in explore(first, second)) == len(shuffled)
    assert all(end.world.rows == OLD for end, _ in explore(first, second))


@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_every_plan_says_what_can_happen(name: str) -> None:
    plan = json.loads(bundle(name).files["plan.json"])
    told = {meeting["pair"]: meeting for meeting in plan["interleavings"]}
    drops = any(step["id"].startswith("drop-") and step["id"].endswith("partitions") for step in plan["steps"])
    taken_over = told["a run that lost its lease, and the run that took it over"]
    assert taken_over["worst"] == ("rows are missing" if drops else NOTHING)
    assert ("asks for no staging" in taken_over["why"]) is drops
    assert ("what came there since may be lost" in plan["contract"]["concurrency"]) <= drops
    assert any("reader" in pair for pair in told)
    assert plan["decision"]["strategy_mode"] == "backfill" or any("commits late" in pair for pair in told)
    assert all(f"| {pair} |" in bundle(name).files["plan.md"] for pair in told)
    assert "None" not in str(told)
