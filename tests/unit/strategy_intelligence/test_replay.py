"""Replay by the facade's names: the order, the stop at the first failure, and nothing said to be done that was not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dpone_compiler.strategy_intelligence import (
    BigQueryReplayBackend,
    DbReplayAdapter,
    KafkaLiveReplayBackend,
    KafkaReplayAdapter,
    MssqlReplayBackend,
    RepairPlanService,
    RepairRequest,
    ReplayBackendConnection,
    ReplayBackendResult,
    ReplayExecutionRequest,
    ReplayExecutionService,
    RuntimeKafkaReplayClient,
    RuntimeReplayBackendFactory,
)

RESYNC = ReplayExecutionRequest(
    action="resync",
    run_id="RUN_ID",
    source_type="postgres",
    sink_type="mssql",
    strategy_mode="partition_replace",
    partitions=("2026-01-01",),
)
APPROVED = ReplayExecutionRequest(
    action="resume",
    run_id="RUN_ID",
    source_type="postgres",
    sink_type="postgres",
    strategy_mode="incremental_merge",
    yes=True,
)


@dataclass
class Recording:
    """A backend that fails at one step."""

    fails_at: str = ""
    calls: list[str] = field(default_factory=list)

    def _step(self, name: str) -> ReplayBackendResult:
        self.calls.append(name)
        return ReplayBackendResult(name != self.fails_at, name)

    def validate_staging(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        return self._step("validate_staging")

    def execute_finalizer(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        return self._step("execute_finalizer")

    def produce_replay_events(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        return self._step("produce_replay_events")

    def reconcile(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        return self._step("reconcile")

    def commit_state(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        return self._step("commit_state")


TABLE = ["validate_staging", "execute_finalizer", "reconcile", "commit_state"]
EVENTS = ["validate_staging", "produce_replay_events", "reconcile", "commit_state"]


@pytest.mark.parametrize(("adapter", "order"), [(DbReplayAdapter, TABLE), (KafkaReplayAdapter, EVENTS)])
def test_the_order_of_a_replay(adapter: type[DbReplayAdapter], order: list[str]) -> None:
    backend = Recording()
    done = adapter(backend=backend).execute(APPROVED)
    assert (backend.calls, list(done.operations), done.state_committed) == (order, order, True)


@pytest.mark.parametrize("fails_at", TABLE)
def test_the_first_failure_ends_it_and_no_state_is_committed(fails_at: str) -> None:
    backend = Recording(fails_at=fails_at)
    done = DbReplayAdapter(backend=backend).execute(APPROVED)
    assert (done.status, done.state_committed) == ("failed", False)
    assert backend.calls == TABLE[: TABLE.index(fails_at) + 1]


def test_a_plan_is_a_plan_and_an_approval_is_not_an_execution(tmp_path: Path) -> None:
    service = ReplayExecutionService(artifact_dir=tmp_path)
    planned, approved = service.execute(RESYNC), service.execute(APPROVED)
    assert (planned.mode, planned.status, planned.executed, planned.state_committed) == (
        "plan",
        "planned",
        False,
        False,
    )
    assert (approved.mode, approved.executed, approved.state_committed) == ("approved", False, False)
    assert json.loads(approved.artifact_path.read_text(encoding="utf-8"))["executed"] is False


def test_only_a_backend_that_passed_makes_it_executed(tmp_path: Path) -> None:
    good = ReplayExecutionService(artifact_dir=tmp_path, backend=Recording()).execute(APPROVED)
    bad = ReplayExecutionService(artifact_dir=tmp_path, backend=Recording(fails_at="reconcile")).execute(APPROVED)
    assert (good.status, good.executed, good.state_committed) == ("executed", True, True)
    assert (bad.status, bad.executed, bad.state_committed) == ("failed", False, False)
    assert bad.operations == ("validate_staging", "execute_finalizer", "reconcile")


def test_partitions_of_an_event_log_are_refused(tmp_path: Path) -> None:
    kafka = ReplayExecutionRequest("resync", "R", "postgres", "kafka", "partition_replace")
    with pytest.raises(ValueError, match="event log"):
        ReplayExecutionService(artifact_dir=tmp_path).execute(kafka)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("backend", [MssqlReplayBackend(), BigQueryReplayBackend(), KafkaLiveReplayBackend()])
def test_a_sink_without_live_replay_never_passes_a_step(backend: MssqlReplayBackend, tmp_path: Path) -> None:
    done = ReplayExecutionService(artifact_dir=tmp_path, backend=backend).execute(APPROVED)
    assert (done.executed, done.state_committed, done.operations) == (False, False, ("validate_staging",))


@pytest.mark.parametrize(
    ("sink", "name"), [("mssql", "Mssql"), ("pg", "Postgres"), ("clickhouse", "ClickHouse"), ("bq", "BigQuery")]
)
def test_the_factory_opens_nothing(sink: str, name: str) -> None:
    connection = ReplayBackendConnection(
        sink_type=sink,
        connection_id="dwh",
        target_schema="dbo",
        target_table="orders",
        staging_schema="staging",
        credentials_source="env",
    )
    assert type(RuntimeReplayBackendFactory(environ={}).build(connection)).__name__ == f"{name}ReplayBackend"


@pytest.mark.parametrize("wrong", [{"sink_type": "oracle"}, {"credentials_source": "a wish"}])
def test_the_factory_refuses_what_it_does_not_know(wrong: dict[str, str]) -> None:
    given = {"sink_type": "postgres", "connection_id": "a", "target_table": "t", **wrong}
    with pytest.raises(ValueError, match="known are"):
        RuntimeReplayBackendFactory(environ={}).build(ReplayBackendConnection(**given))


def test_a_live_backend_without_a_bundle_fails(tmp_path: Path) -> None:
    backend = RuntimeReplayBackendFactory(environ={}).build(ReplayBackendConnection("postgres", "a", "orders"))
    done = ReplayExecutionService(artifact_dir=tmp_path, backend=backend).execute(APPROVED)
    assert (done.executed, done.operations) == (False, ("validate_staging",))


def test_a_kafka_client_counts_what_was_acknowledged() -> None:
    class Producer:
        left = 0

        def produce(self, topic: str, value: bytes, key: bytes | None = None) -> None:
            self.left += topic == "lost"

        def flush(self) -> int:
            return self.left

    client = RuntimeKafkaReplayClient(Producer())
    client.produce("orders", b"{}", key=b"1")
    client.flush()
    assert client.scalar() == 1
    client.produce("lost", b"{}")
    with pytest.raises(RuntimeError, match="1 of 2"):
        client.flush()


def test_the_runbook_of_the_service_is_that_of_the_command() -> None:
    request = RepairRequest("RUN_ID", "postgres", "mssql", "partition_replace", "finalize", ("2026-01-01",))
    plan = RepairPlanService().plan(request)
    assert (plan.safe_to_auto_resume, plan.known) == (False, False)
    assert plan.commands[0] == "dponec resync --run-id RUN_ID --partition 2026-01-01"
    assert RepairPlanService().plan(request) == plan
