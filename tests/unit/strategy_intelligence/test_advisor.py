"""StrategyAdvisor decides what a manifest of the same facts decides, and refuses what is no load."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpone_compiler import registry
from dpone_compiler.spi.strategy import NativePath
from dpone_compiler.strategy_intelligence import NativeFastPathCatalog
from dpone_compiler.strategy_intelligence.advisor import AdviceRefusedError, StrategyAdvisor, StrategyContext
from tests.cli.commands import dponec

LARGE = StrategyContext(
    source_type="postgres",
    sink_type="postgres",
    requested_mode="auto",
    unique_key=("order_id",),
    estimated_rows=50_000_000,
    changed_percent=0.20,
    delete_percent=0.05,
    partition_column="business_date",
)


def mode(context: StrategyContext) -> str:
    return StrategyAdvisor().advise(context).strategy_mode


def code(decision_of: StrategyContext) -> str:
    return StrategyAdvisor().advise(decision_of).reasons[0].code


def test_a_large_partitioned_delta_replaces_its_partitions() -> None:
    decision = StrategyAdvisor().advise(LARGE)
    assert (decision.strategy_mode, decision.merge_policy) == ("partition_replace", "delete_insert")
    assert decision.native_fast_path == "postgres_copy_to_postgres"
    assert decision.adaptive_batching
    assert [gate.code for gate in decision.safety_gates] == ["staging_first_required", "delete_semantics"]
    assert json.loads(json.dumps(decision.to_dict()))["adaptive_batching"]["initial_batch_size"] == 100_000


@pytest.mark.parametrize(
    ("changes", "strategy", "reason"),
    [
        ({"changed_percent": 0.049}, "incremental_merge", "unique_key_upsert"),
        ({"changed_percent": 0.05}, "partition_replace", "partition_replace_large_delta"),
        ({"changed_percent": None}, "incremental_merge", "unique_key_upsert"),
        ({"estimated_rows": 999_999}, "incremental_merge", "unique_key_upsert"),
        ({"estimated_rows": 1_000_000}, "partition_replace", "partition_replace_large_delta"),
        ({"estimated_rows": None}, "incremental_merge", "unique_key_upsert"),
        ({"estimated_rows": 0}, "incremental_merge", "unique_key_upsert"),
        ({"partition_column": None}, "incremental_merge", "unique_key_upsert"),
        ({"partition_column": None, "unique_key": (), "source_cursor": "at"}, "incremental_append", "cursor_append"),
        ({"partition_column": None, "unique_key": ()}, "full_refresh", "portable_full_refresh"),
    ],
)
def test_each_rule_of_v1(changes: dict[str, Any], strategy: str, reason: str) -> None:
    context = replace(LARGE, **changes)
    assert (mode(context), code(context)) == (strategy, reason)


def test_a_cdc_hint_without_a_key_is_said_to_be_ignored() -> None:
    decision = StrategyAdvisor().advise(replace(LARGE, unique_key=(), partition_column=None, cdc_available=True))
    assert decision.strategy_mode == "full_refresh"
    assert "cdc_hint_ignored" in [warning.code for warning in decision.warnings]


def test_kafka_takes_events_and_no_partitions() -> None:
    decision = StrategyAdvisor().advise(replace(LARGE, sink_type="kafka"))
    assert (decision.strategy_mode, decision.merge_policy) == ("incremental_merge", "event_upsert")
    assert "partition_replace_not_supported" in [warning.code for warning in decision.warnings]
    with pytest.raises(AdviceRefusedError, match="event upserts"):
        StrategyAdvisor().advise(replace(LARGE, sink_type="kafka", requested_mode="partition_replace"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"requested_mode": "bananas"}, "bananas"),
        ({"sink_type": "orcale"}, "orcale"),
        ({"source_type": "rest"}, "rest"),
        ({"requested_merge_policy": "magic"}, "magic"),
        ({"estimated_rows": -5}, "-5"),
        ({"changed_percent": 20}, "did you mean 0.20"),
        ({"delete_percent": -3}, "-3"),
        ({"changed_percent": float("nan")}, "nan"),
    ],
)
def test_nonsense_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(AdviceRefusedError, match=said):
        StrategyAdvisor().advise(replace(LARGE, **changes))


@pytest.mark.parametrize(("alias", "engine"), [("pg", "postgres"), ("postgresql", "postgres"), ("BQ", "bigquery")])
def test_aliases_are_understood(alias: str, engine: str) -> None:
    assert StrategyAdvisor().advise(replace(LARGE, sink_type=alias)).sink_type == engine


@settings(max_examples=25, deadline=None)
@given(
    rows=st.sampled_from([None, 0, 10, 1_000_000, 50_000_000]),
    changed=st.sampled_from([None, 0.0, 0.04, 0.05, 1.0]),
    deleted=st.sampled_from([None, 0.0, 0.05]),
    key=st.booleans(),
    cursor=st.booleans(),
    partition=st.booleans(),
)
def test_advisor_and_manifest_decide_alike(
    *,
    rows: int | None,
    changed: float | None,
    deleted: float | None,
    key: bool,
    cursor: bool,
    partition: bool,
) -> None:
    options = {"estimated_rows": rows, "changed_percent": changed, "delete_percent": deleted}
    given_options = {name: value for name, value in options.items() if value is not None}
    manifest = {
        "name": "orders",
        "source": {
            "type": "postgres",
            "connection_id": "demo_source",
            "table": {"schema": "public", "name": "orders"},
            **({"cursor": {"column": "updated_at", "lag": "10 minutes"}} if cursor else {}),
            "options": {
                **given_options,
                "columns": [
                    {"name": "order_id", "type": "bigint", "nullable": False},
                    {"name": "updated_at", "type": "timestamptz", "nullable": False},
                    {"name": "business_date", "type": "date", "nullable": False},
                ],
            },
        },
        "sink": {
            "type": "postgres",
            "connection_id": "elsewhere",
            "table": {"schema": "dwh", "name": "orders"},
            "strategy": {
                "mode": "auto",
                **({"unique_key": ["order_id"]} if key else {}),
                **({"partition": {"column": "business_date", "by": "day"}} if partition else {}),
            },
        },
    }
    context = StrategyContext(
        source_type="postgres",
        sink_type="postgres",
        unique_key=("order_id",) if key else (),
        estimated_rows=rows,
        changed_percent=changed,
        delete_percent=deleted,
        partition_column="business_date" if partition else None,
        source_cursor="updated_at" if cursor else None,
    )
    decision = StrategyAdvisor().advise(context)
    assert (decision.strategy_mode, decision.merge_policy) == _advised(manifest)


def _advised(manifest: dict[str, Any]) -> tuple[str, str | None]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.yaml"
        path.write_text(json.dumps(manifest), encoding="utf-8")
        shown = dponec("advise", path, "--format", "json")
    decision = json.loads(shown.stdout)["decision"]
    return decision["strategy_mode"], decision["merge_policy"]


def test_importing_the_facade_loads_neither_drivers_nor_parsers() -> None:
    program = "import sys, dpone_compiler.strategy_intelligence as s; s.AdaptiveBatchController; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlglot", "pydantic", "psycopg", "clickhouse_driver", "pyodbc", "confluent_kafka"} & set(loaded)


def test_the_catalogue_is_a_view_of_the_registered_paths() -> None:
    catalog = NativeFastPathCatalog()
    assert [each.path for each in catalog.paths()] == list(registry.native_paths())
    found = catalog.resolve("pg", "sqlserver")
    assert (found.path_id, found.required_tools, found.fallback_path) == (
        "postgres_copy_to_mssql_bcp",
        ("psycopg", "bcp"),
        "pyodbc_fast_executemany",
    )
    assert found.to_dict()["source_type"] == "postgres"
    streamed = catalog.resolve("clickhouse", "postgres")
    assert (streamed.path_id, streamed.required_tools, streamed.fallback_path) == (
        "streaming_rows",
        (),
        "streaming_rows",
    )


@pytest.mark.parametrize("path", registry.native_paths(), ids=lambda path: path.name)
def test_the_decision_says_how_rows_travel(path: NativePath) -> None:
    """From hints alone no table is known, so what follows from the decisions is told and no step is named."""
    context = StrategyContext(source_type=path.source, sink_type=path.sink, unique_key=("id",))
    transfer = StrategyAdvisor().advise(context).native_transfer_plan
    assert transfer is not None
    assert (transfer["fast_path_id"], transfer["export_method"]) == (path.name, path.export)
    assert "retry_boundaries" not in transfer
