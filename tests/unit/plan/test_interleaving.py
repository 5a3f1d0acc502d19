"""The explorer: what it finds in whole plans, and that it finds what goes wrong when a lock, a fence or a lease is taken away."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from dpone_compiler.plan.interleaving.model import OLD, Script, explore
from dpone_compiler.plan.interleaving.scripts import (
    READS_COMMITTED,
    READS_REPEATABLE,
    on_one_host,
    taking_over,
    without,
)
from dpone_compiler.plan.interleaving.verdicts import NOTHING, late_writer, worst_of_reader, worst_of_writers
from tests.compiled_bundles import bundle

LOCK, FENCE, TABLE = ("lock", "target"), ("fence", ""), ("lock", "table")
POSTGRES: Script = (LOCK, FENCE, TABLE, ("see", ""), ("delete", ""), ("insert", ""), ("commit", ""))
TRUNCATING: Script = (LOCK, FENCE, TABLE, ("truncate", ""), ("insert", ""), ("commit", ""))
PARTITIONS: Script = (("replace", "p1"), ("replace", "p2"), ("state", ""))
LEASED: Script = (("renew", ""), *PARTITIONS)
EXCHANGE: Script = (("replace", "all"), ("state", ""))
_LOST = "an update is lost: a newer run's rows are replaced by an older one's"


@pytest.mark.parametrize("script", [POSTGRES, TRUNCATING, PARTITIONS, EXCHANGE, LEASED])
def test_a_run_that_lost_its_lease_harms_nothing(script: Script) -> None:
    assert worst_of_writers(explore(script, taking_over(script)), newest="B") == NOTHING


def test_without_the_fence_an_update_is_lost() -> None:
    assert worst_of_writers(explore(without(POSTGRES, FENCE), taking_over(POSTGRES)), newest="B") == _LOST


def test_without_dropped_staging_an_update_is_lost() -> None:
    """The lost lease where nothing fences the data: ClickHouse across hosts."""
    assert (
        worst_of_writers(explore(PARTITIONS, without(taking_over(PARTITIONS), ("drop_staging", ""))), newest="B")
        == _LOST
    )


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
    assert worst_of_reader(explore(EXCHANGE, READS_COMMITTED)) == NOTHING
    assert worst_of_reader(explore(PARTITIONS, READS_COMMITTED)).startswith("old and new partitions")


def test_a_late_writer_is_lost_by_a_lag_alone() -> None:
    assert [late_writer(*case)[1] for case in ((False, False), (True, True), (True, False))] == [False, False, True]


def test_every_order_is_tried() -> None:
    """Two scripts that never wait meet in as many orders as their letters can be shuffled."""
    first, second = (("read", ""),) * 3, (("snapshot", ""), ("read", ""))
    shuffled = set(permutations("aaabb"))
    assert sum(orders for _, orders in explore(first, second)) == len(shuffled)
    assert all(end.world.rows == OLD for end, _ in explore(first, second))


@pytest.mark.parametrize(
    "name", ["merge_update_pg", "full_pg", "partitions_pg", "partitions_ch", "full_ch", "merge_ch"]
)
def test_a_plan_says_what_can_happen(name: str) -> None:
    plan = json.loads(bundle(name).files["plan.json"])
    told = {meeting["pair"]: meeting["worst"] for meeting in plan["interleavings"]}
    assert told["a run that lost its lease, and the run that took it over"] == NOTHING
    assert any("reader" in pair for pair in told) and any("commits late" in pair for pair in told)
    assert all(f"| {pair} |" in bundle(name).files["plan.md"] for pair in told)
