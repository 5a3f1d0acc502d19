"""Every Python call of the seed document, with the package's name replaced."""

from __future__ import annotations

import subprocess
import sys

import pytest

ADVISOR = """
from dpone_compiler.strategy_intelligence.advisor import StrategyAdvisor, StrategyContext
decision = StrategyAdvisor().advise(
    StrategyContext(
        source_type="postgres",
        sink_type="mssql",
        requested_mode="auto",
        unique_key=("order_id",),
        estimated_rows=50_000_000,
        changed_percent=0.20,
        delete_percent=0.05,
        partition_column="business_date",
    )
)
print(decision.strategy_mode)
"""
CONTROLLER = """
from dpone_compiler.strategy_intelligence import AdaptiveBatchController, BatchObservation
controller = AdaptiveBatchController(initial_batch_size=50000, min_batch_size=10000, max_batch_size=200000)
adjustment = controller.observe(BatchObservation(rows=50000, duration_seconds=1.0, target_backpressure=0.05))
print(adjustment.next_batch_size)
"""
FACTORY = """
from dpone_compiler.strategy_intelligence import ReplayBackendConnection, RuntimeReplayBackendFactory
backend = RuntimeReplayBackendFactory().build(
    ReplayBackendConnection(
        sink_type="mssql",
        connection_id="mssql_dwh",
        target_schema="dbo",
        target_table="orders",
        staging_schema="staging",
        credentials_source="env",
    )
)
print(type(backend).__name__)
import sys
print(sorted({"pyodbc", "psycopg", "clickhouse_driver", "confluent_kafka"} & set(sys.modules)))
"""
NAMES = """
from dpone_compiler.strategy_intelligence import *
import dpone_compiler.strategy_intelligence as s
print(len([name for name in s.__all__ if getattr(s, name) is None]))
"""


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (ADVISOR, "partition_replace"),
        (CONTROLLER, "75000"),
        (FACTORY, "MssqlReplayBackend\n[]"),
        (NAMES, "0"),
    ],
    ids=["advisor", "controller", "factory", "names"],
)
def test_the_example_runs_as_printed(program: str, printed: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, printed), done.stderr
