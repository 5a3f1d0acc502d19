"""Targets of ClickHouse that are no MergeTree, and partitions that the server would not drop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dpone_compiler.backends.clickhouse.apply_steps import delete_matching
from dpone_compiler.backends.clickhouse.proof_steps import check_table
from dpone_compiler.plan.actions import CheckTable, DeleteMatching, Staging
from dpone_compiler.spi.backend import Lowered, Unsupported
from tests.engines.clickhouse_bench import open_bench
from tests.engines.loads.model import order
from tests.engines.loads.test_incremental_merge import MONTHLY, merging
from tests.engines.loads.world import World, on


@on("chdb", "ch18")
@pytest.mark.parametrize("engine", ["Memory", "Log", "Buffer(currentDatabase(), orders_copy, 1, 0, 1, 0, 1, 0, 1)"])
def test_rows_are_loaded_into_the_table_that_keeps_them(world: World, engine: str) -> None:
    """Staging in the shape of a Buffer writes into the target while it is filled."""
    world.orders(partition="toYYYYMM(day)")
    world.insert(order(1))
    columns = "(id Int64, amount Decimal(18,2), note String, day Date, at DateTime('UTC'))"
    world.target(f"CREATE TABLE front {columns} ENGINE = {engine}")
    world.table = (world.table[0], "front")
    said = world.refuses("DP308", "full_refresh")
    assert "keeps its rows in other tables" in said


@pytest.mark.chdb
@pytest.mark.parametrize(("engine", "refused"), [("Log", True), ("MergeTree ORDER BY k", False)])
def test_a_table_without_a_snapshot_is_asked_for_its_engine(
    chdb_db: Callable[[], str], engine: str, refused: bool
) -> None:
    bench = open_bench(chdb_db(), f"(k Int64) ENGINE = {engine}")
    context = bench.context()
    unknown = replace(context, facts=replace(context.facts, target_table=None))
    lowered = check_table(unknown, CheckTable(side="target", table=context.load.write.endpoint.table))
    assert isinstance(lowered, Lowered)
    told = [str(row[1]) for row in bench.session.run(lowered.bodies["main"], {}).rows]
    bench.session.close()
    assert told == (["engine Log keeps its rows in other tables or nowhere"] if refused else [])


@pytest.mark.chdb
def test_replicas_are_not_given_a_mutation_that_reads_staging(chdb_db: Callable[[], str]) -> None:
    bench = open_bench(chdb_db(), "(k Int64) ENGINE = MergeTree ORDER BY k")
    context, bench_facts = bench.context(), bench.context().facts.target_table
    bench.session.close()
    assert bench_facts is not None
    structure = replace(bench_facts.structure, table_engine="ReplicatedMergeTree ORDER BY k")
    there = replace(context, facts=replace(context.facts, target_table=replace(bench_facts, structure=structure)))
    action = DeleteMatching(staging=Staging(role="rows", columns=()), key=("k",))
    assert isinstance(delete_matching(context, action), Lowered)
    refused = delete_matching(there, action)
    assert isinstance(refused, Unsupported) and "each replica" in refused.why


@on("chdb")
def test_partitions_of_any_size_are_replaced_and_dropped(world: World) -> None:
    """A merge of two months stopped between them for ever where one is above max_partition_size_to_drop."""
    world.orders()
    world.insert(order(1, day="2026-01-01"), order(2, day="2026-02-01"))
    merging(world, "partition_rewrite", **MONTHLY).run()
    world.source("UPDATE orders SET day = '2026-03-01', note = 'moved', at = clock_timestamp()")
    bodies = [path for path in (world.bundle / "steps").glob("*.body.sql") if "PARTITION ID" in path.read_text()]
    assert len(bodies) == 2
    assert all("max_partition_size_to_drop = 0" in path.read_text() for path in bodies)
    world.run()
    world.same(world.source_rows())
