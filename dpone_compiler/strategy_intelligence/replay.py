"""ReplayExecutionService: a plan by default; carried out only by a backend that was injected, and never said to be otherwise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dpone_compiler.frontends.meaning import ENGINE_ALIASES
from dpone_compiler.runtime.replay import general_plan, write_artifact
from dpone_compiler.strategy_intelligence.replay_adapters import DbReplayAdapter, KafkaReplayAdapter, ReplayBackend
from dpone_compiler.strategy_intelligence.replay_request import ReplayExecutionRequest

__all__ = ["ReplayExecutionRequest", "ReplayExecutionResult", "ReplayExecutionService"]


@dataclass(frozen=True, slots=True)
class ReplayExecutionResult:
    """`mode`: plan | approved | execute. `status`: planned | executed | failed. `executed` only when a backend did it."""

    action: str
    run_id: str
    mode: str
    executed: bool
    status: str
    failed_stage: str
    artifact_path: Path
    commands: tuple[str, ...]
    operations: tuple[str, ...] = ()
    state_committed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "artifact_path": str(self.artifact_path)}


class ReplayExecutionService:
    """Writes replay artifacts to a folder. `backend` None: nothing can be carried out, `yes` records an approval."""

    def __init__(self, *, artifact_dir: Path | str = ".dponec/replay", backend: ReplayBackend | None = None) -> None:
        self._folder = Path(artifact_dir)
        self._backend = backend

    def execute(self, request: ReplayExecutionRequest) -> ReplayExecutionResult:
        """Plan, approve or carry out. Raises ValueError for a partition replacement on an event log."""
        sink = ENGINE_ALIASES.get(request.sink_type.lower(), request.sink_type.lower())
        if sink == "kafka" and request.strategy_mode == "partition_replace":
            raise ValueError("Kafka is an event log and has no partitions to replace; use incremental_merge events")
        artifact = general_plan(
            request.action,
            request.run_id,
            sink=sink,
            strategy=request.strategy_mode,
            stage=request.failed_stage,
            partitions=request.partitions,
        )
        if request.yes and self._backend is None:
            artifact["mode"] = "approved"
        elif request.yes and self._backend is not None:
            adapter = KafkaReplayAdapter if sink == "kafka" else DbReplayAdapter
            done = adapter(backend=self._backend).execute(request)
            artifact.update(
                mode="execute",
                status=done.status,
                executed=done.status == "executed",
                state_committed=done.state_committed,
                operations=[{"step": name} for name in done.operations],
                diagnostics=[asdict(each) for each in done.diagnostics],
            )
        path = write_artifact(self._folder, artifact)
        return ReplayExecutionResult(
            action=request.action,
            run_id=request.run_id,
            mode=artifact["mode"],
            executed=artifact["executed"],
            status=artifact["status"],
            failed_stage=request.failed_stage if artifact["status"] == "failed" else "",
            artifact_path=path,
            commands=tuple(artifact["commands"]),
            operations=tuple(each["step"] for each in artifact["operations"]),
            state_committed=artifact["state_committed"],
        )
