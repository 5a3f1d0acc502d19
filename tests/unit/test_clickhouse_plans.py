"""Every step of every strategy's plan for a ClickHouse target is lowered, in both profiles, and names its parameters."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dpone_compiler.backends.clickhouse import BACKEND
from dpone_compiler.ir.decision import Chosen
from dpone_compiler.ir.load import (
    Cursor,
    Decisions,
    Endpoint,
    Load,
    MovedColumn,
    Partitioning,
    PartitionUnit,
    Read,
    Write,
)
from dpone_compiler.ir.schema import Column, EngineFacts, TableFacts, TableRef, TableStructure
from dpone_compiler.plan.actions import CheckTable, FingerprintSource, FreezeWindow
from dpone_compiler.spi.backend import Context, Facts, Lowered
from dpone_compiler.spi.strategy import Setting
from dpone_compiler.sql.clickhouse_types import parse_type
from dpone_compiler.strategies import full_refresh, incremental_append, incremental_merge, partition_replace

COLUMNS = tuple(
    Column(name=name, native=native, type=parse_type(native), nullable=False)
    for name, native in (("id", "Int64"), ("day", "Date"), ("at", "DateTime"))
)
CASES = [
    (full_refresh, "exchange_tables", "", (26, 9)),
    (full_refresh, "replace_partitions", "", (18, 16)),
    (incremental_append, "move_partitions", "", (26, 9)),
    (incremental_merge, "", "partition_rewrite", (26, 9)),
    (incremental_merge, "", "partition_rewrite", (18, 16)),
    (incremental_merge, "", "lightweight_delete_insert", (26, 9)),
    (incremental_merge, "", "shadow_swap", (26, 9)),
    (partition_replace, "replace_partitions", "", (26, 9)),
    (partition_replace, "replace_partitions", "", (18, 16)),
]


def chosen(value: str) -> Chosen[str]:
    return Chosen(value=value, by="test", rule="", reason="")


@pytest.mark.parametrize(("strategy", "finalizer", "policy", "version"), CASES)
def test_every_step_is_lowered(strategy: object, finalizer: str, policy: str, version: tuple[int, ...]) -> None:
    ref = TableRef("db", "t")
    structure = TableStructure(
        columns=COLUMNS,
        partition_key="toYYYYMM(day)",
        sorting_key="id",
        table_engine="MergeTree PARTITION BY toYYYYMM(day)",
        database_engine="Atomic",
    )
    engine = EngineFacts(engine="clickhouse", version=version)
    table = TableFacts(structure=structure)
    facts = Facts(source_engine=engine, source_table=table, target_engine=engine, target_table=table)
    end = Endpoint(engine="clickhouse", connection="c", table=ref)
    load = Load(
        name="l",
        read=Read(endpoint=end, cursor=Cursor(column="at", lag=0)),
        write=Write(endpoint=end, key=("id",), partition=Partitioning(column="day", unit=PartitionUnit.MONTH)),
        decisions=Decisions(
            columns=tuple(MovedColumn(source=c, target=c) for c in COLUMNS),
            strategy=chosen("x"),
            merge_policy=chosen(policy),
            finalizer=chosen(finalizer),
            wire=chosen("tsv"),
            reconcile=chosen("content"),
        ),
    )
    plan = strategy.steps(load, Setting(facts=facts, source=BACKEND, sink=BACKEND))  # type: ignore[attr-defined]
    ctx = Context(load=load, facts=facts, plan=plan, source=BACKEND, sink=BACKEND)
    known = {spec.name for spec in BACKEND.params(ctx)}
    for step in plan.steps:
        if isinstance(step.action, FreezeWindow | FingerprintSource) or step.action == CheckTable(
            side="source", table=ref
        ):
            continue
        lowered = BACKEND.lower_sink(ctx, step)
        assert isinstance(lowered, Lowered), (step.id, lowered)
        assert (step.guard.kind == "query") <= bool(lowered.guard), step.id
        for body in (*lowered.bodies.values(), lowered.guard):
            assert set(re.findall(r"\{(staging_\w+):", body)) <= known
        if version < (19,):
            text = " ".join(lowered.bodies.values())
            assert not re.search(r"SETTINGS|JSON|DateTime64|EXCHANGE|MOVE|WITH |DELETE FROM|Date32|[.(]uuid\b", text), (
                step.id
            )
    assert BACKEND.hazards(load, replace(facts, target_engine=None))[0][0] == "engine_version"


@pytest.mark.parametrize("version", [(18, 16, 1), (22, 8, 5), (23, 11, 9)])
def test_a_server_that_lacks_a_feature_is_refused_with_the_version_that_has_it(version: tuple[int, ...]) -> None:
    old = BACKEND.capabilities(EngineFacts(engine="clickhouse", version=version))
    assert "23.12" in old.strategies["scd2"]
    assert "lightweight_delete_insert" not in old.merge_policies["incremental_merge"]
    assert BACKEND.capabilities(EngineFacts(engine="clickhouse", version=(23, 12))).strategies["scd2"] == ""


@pytest.mark.parametrize(
    ("version", "level", "told"),
    [((18, 16), "counts", True), ((18, 16), "keys", True), ((18, 16), "content", False), ((26, 9), "counts", False)],
)
def test_floats_that_an_old_server_misreads_are_told_where_nobody_compares_them(
    version: tuple[int, ...], level: str, told: bool
) -> None:
    ref = TableRef("db", "t")
    end = Endpoint(engine="clickhouse", connection="c", table=ref)
    column = Column(name="score", native="Nullable(Float64)", type=parse_type("Nullable(Float64)"))
    decisions = Decisions(columns=(MovedColumn(source=column, target=column),), reconcile=chosen(level))
    load = Load(name="l", read=Read(endpoint=end), write=Write(endpoint=end), decisions=decisions)
    facts = Facts(
        source_engine=None,
        source_table=None,
        target_engine=EngineFacts(engine="clickhouse", version=version),
        target_table=None,
    )
    assert ("misread_floats" in dict(BACKEND.hazards(load, facts))) is told
