"""Replay against live sinks. Postgres and ClickHouse go through the run's own bundle; the others have no live replay yet.

A bundle's finalizer, reconciliation and state commit are one transaction on Postgres, so `execute_finalizer` carries out all
three from the first step of the stage, and the two steps after it report what that transaction proved.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dpone_compiler.runtime.bundle import LoadedBundle, load_bundle
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RefusedError, RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.replay import resync_bundle, sequence_of, step_of_stage
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.sessions import Opener
from dpone_compiler.runtime.state import run_state_command
from dpone_compiler.strategy_intelligence.replay_adapters import ReplayBackendResult
from dpone_compiler.strategy_intelligence.replay_request import ReplayExecutionRequest

_NOT_RUN = ReplayBackendResult(False, "the finalizer has not been carried out")


@dataclass
class _BundleReplay:
    """A replay through a bundle. `opener` gives a session for a connection id; `journals` is where the run is recorded."""

    opener: Opener
    bundle: str = ""
    journals: Path = Path(".dponec/runs")
    engine: str = ""

    def __post_init__(self) -> None:
        self._outcome: RunOutcome | None = None

    def validate_staging(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        """The target's state row names the run, and its attempt is unfinished or its partitions are to be read again."""
        try:
            bundle = self._sequence(request)
            row = run_state_command(bundle, self.opener, "show")
        except RefusedError as error:
            return ReplayBackendResult(False, f"{error.code}: {error.message}")
        mine = row.get("run_id") == request.run_id
        if request.action == "resume" and (not mine or row.get("phase") not in ("open", "staged")):
            return ReplayBackendResult(
                False, f"run {request.run_id} has no unfinished attempt (phase {row.get('phase')})"
            )
        return ReplayBackendResult(True, f"phase {row.get('phase')}", {"run_id": row.get("run_id", "")})

    def execute_finalizer(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        """Carry the bundle's own steps out, from the failed stage on or the resync sequence."""
        try:
            bundle = self._sequence(request)
            options = self._asked(request, bundle)
            self._outcome = run_bundle(bundle, options, opener=self.opener, url=None, listener=Quiet(), faults=Faults())
        except RefusedError as error:
            return ReplayBackendResult(False, f"{error.code}: {error.message}")
        return self._told("carried out")

    def produce_replay_events(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        """A table has no events."""
        return ReplayBackendResult(False, f"{self.engine} is a table sink: it has a finalizer and no events")

    def reconcile(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        """What the run's own reconciliation found, before its commit."""
        return self._told("reconciled before the commit")

    def commit_state(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        """Whether the state row was committed by the run."""
        return self._told("state committed by the run")

    def _told(self, message: str) -> ReplayBackendResult:
        done = self._outcome
        if done is None:
            return _NOT_RUN
        passed = done.exit_code == 0
        return ReplayBackendResult(
            passed, message if passed else f"{done.code}: {done.message}", {"run_id": done.run_id, "rows": done.rows}
        )

    def _sequence(self, request: ReplayExecutionRequest) -> LoadedBundle:
        folder = request.bundle or self.bundle
        if not folder:
            raise RefusedError("DP418", "a finalizer is compiled from a load: name the run's bundle")
        bundle = load_bundle(Path(folder))
        if bundle.doc.state.get("engine") != self.engine:
            raise RefusedError(
                "DP702", f"{folder} is a plan for {bundle.doc.state.get('engine')}, not for {self.engine}"
            )
        if request.action == "resync":
            return resync_bundle(bundle)
        row = run_state_command(bundle, self.opener, "show")
        return sequence_of(bundle, row.get("fingerprint", ""))

    def _asked(self, request: ReplayExecutionRequest, bundle: LoadedBundle) -> RunOptions:
        shown = str(bundle.folder)
        if request.action == "resync":
            listed = json.dumps(sorted(set(request.partitions)), ensure_ascii=False)
            return RunOptions(shown=shown, runs=self.journals, params={"partitions": listed})
        step = step_of_stage(bundle.doc, request.failed_stage)
        return RunOptions(shown=shown, runs=self.journals, resume=request.run_id, from_step=step)


@dataclass
class PostgresReplayBackend(_BundleReplay):
    """Postgres: one transaction for finalizer, reconciliation and state."""

    engine: str = "postgres"


@dataclass
class ClickHouseReplayBackend(_BundleReplay):
    """ClickHouse: partition by partition, each atomic."""

    engine: str = "clickhouse"


@dataclass(frozen=True)
class _NoLiveReplay:
    """A sink without a live replay: every step fails and says so. Nothing is ever said to be executed."""

    engine: str = ""

    def _refused(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        return ReplayBackendResult(
            False, f"there is no live replay into {self.engine} in this version; nothing was done"
        )

    def validate_staging(self, request: ReplayExecutionRequest) -> ReplayBackendResult:
        """Refused."""
        return self._refused(request)

    execute_finalizer = produce_replay_events = reconcile = commit_state = validate_staging


@dataclass(frozen=True)
class MssqlReplayBackend(_NoLiveReplay):
    """SQL Server."""

    engine: str = "mssql"


@dataclass(frozen=True)
class BigQueryReplayBackend(_NoLiveReplay):
    """BigQuery."""

    engine: str = "bigquery"


@dataclass(frozen=True)
class KafkaLiveReplayBackend(_NoLiveReplay):
    """Kafka."""

    engine: str = "kafka"
