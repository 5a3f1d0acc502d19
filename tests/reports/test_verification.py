"""Verification that cannot fail is none: each damage of the target turns the proof red, and the state stays."""

from __future__ import annotations

from tests.engines.loads import test_damage
from tests.engines.loads.world import World, on


@on("chdb")
def test_olake_1178_a_lost_a_doubled_and_an_altered_row_are_seen(world: World) -> None:
    for what in ("lost", "doubled", "altered"):
        test_damage.test_a_target_that_is_changed_before_the_proof(world, "full", what)
        world.source("DROP TABLE orders")
        world.target("DROP TABLE orders_copy; ".rstrip("; "))
        world.state("abort", run_id=world.state("show")["run_id"])


@on("pg18")
def test_rivet_233_the_source_is_counted_in_the_snapshot_of_its_rows(world: World) -> None:
    test_damage.test_staged_rows_that_are_not_the_ones_that_were_sent(world, "lost")
