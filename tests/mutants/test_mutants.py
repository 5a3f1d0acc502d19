"""A part of the mutants as ordinary tests; `make mutants` runs all of them and as many generated ones as wanted."""

from __future__ import annotations

import pytest

from dpone_compiler.embedded.engine import Engine
from tests.mutants.arena import Arena, databases
from tests.mutants.battery import SINKS, cases
from tests.mutants.fragments import fragments
from tests.mutants.mutant import Mutant, named

# Of each kind of break one, on each engine: the whole list takes minutes.
_HERE = (
    "pg_no_duplicate_gate", "pg_staging_counted_only", "pg_filter_keeps_null", "pg_window_closed_above",
    "pg_window_open_below", "pg_open_transactions_not_waited_for", "pg_moved_keys_unseen", "pg_left_not_deleted",
    "pg_update_blind_to_null", "pg_delete_without_partitions", "pg_reconcile_itself", "pg_state_committed_early",
    "pg_watermark_lowered", "pg_no_fence_at_the_change", "pg_no_lock_at_all", "pg_stale_staging_trusted",
    "ch_no_null_gate", "ch_keep_without_null_branch", "ch_one_partition_too_many", "ch_exchange_twice",
    "ch_reconcile_itself", "ch_watermark_stays", "pg_diff_unguarded", "pg_history_end_is_early", "ch_diff_unguarded",
    "ch_history_end_is_late", "pg_lost_target_made_anew", "pg_target_made_without_key", "ch_lost_target_made_anew",
    "ch_target_made_in_another_order",
)  # fmt: skip


@pytest.fixture
def arena(pg_wheel: Engine, request: pytest.FixtureRequest, mutant: Mutant) -> Arena:
    """The shared engines."""
    target = pg_wheel if mutant.sink == "postgres" else request.getfixturevalue("chdb")
    return Arena({"pg18": databases(pg_wheel), SINKS[mutant.sink]: databases(target)})


_TIER = {"postgres": pytest.mark.postgres_wheel, "clickhouse": pytest.mark.chdb}
_CHOSEN = [pytest.param(m, id=m.name, marks=_TIER[m.sink]) for m in named() if m.name in _HERE]


@pytest.mark.parametrize("mutant", _CHOSEN)
def test_it_is_killed(mutant: Mutant, arena: Arena) -> None:
    verdict = arena.verdict(mutant, [cases()[killer] for killer in mutant.killers])
    assert verdict.killer, verdict


def test_the_list_is_long_enough_and_names_tests_that_exist() -> None:
    every = named()
    assert len(every) == len({mutant.name for mutant in every}) >= 25
    assert set(_HERE) <= {mutant.name for mutant in every}
    assert {killer for mutant in every for killer in mutant.killers} <= set(cases())
    assert {mutant.sink for mutant in every} == set(SINKS)


def test_pieces_of_a_block_are_found() -> None:
    text = (
        "-- head\nDO $dponec$\nDECLARE\n  n bigint;\nBEGIN\n  IF n > 1 THEN\n    PERFORM FROM t WHERE a;\n  END IF;\n"
        "  SELECT x INTO n FROM t WHERE b;\n  n := (\nSELECT 1\n  );\n  DELETE FROM t WHERE c;\nEND\n$dponec$;\nSELECT 2 AS d;\n"
    )
    found = fragments(text, "postgres")
    assert [text[piece.start : piece.end].strip().rstrip(";") for piece in found] == [
        "n > 1", "FROM t WHERE a", "FROM t WHERE b", "SELECT 1", "DELETE FROM t WHERE c", "SELECT 2 AS d",
    ]  # fmt: skip
    assert found[1].put(text, found[1].tree, "postgres").replace("  ", " ").count("PERFORM FROM t WHERE a;") == 1
