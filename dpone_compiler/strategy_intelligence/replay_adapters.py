"""The order of a replay: staging is proved, the target is changed, the change is proved, and only then the state moves.

An adapter holds that order for one kind of sink; a backend knows one engine. The first failed step stops the sequence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from dpone_compiler.strategy_intelligence.replay_request import ReplayExecutionRequest


@dataclass(frozen=True, slots=True)
class ReplayBackendResult:
    """How one step went. `passed` is never True for a step that was not carried out."""

    passed: bool
    message: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplayAdapterResult:
    """`status`: executed | failed. `operations`: the steps that were tried, in order."""

    status: str
    operations: tuple[str, ...]
    state_committed: bool
    diagnostics: tuple[ReplayBackendResult, ...]


class ReplayBackend(Protocol):
    """What a sink does in a replay."""

    def validate_staging(self, request: ReplayExecutionRequest) -> ReplayBackendResult: ...
    def execute_finalizer(self, request: ReplayExecutionRequest) -> ReplayBackendResult: ...
    def produce_replay_events(self, request: ReplayExecutionRequest) -> ReplayBackendResult: ...
    def reconcile(self, request: ReplayExecutionRequest) -> ReplayBackendResult: ...
    def commit_state(self, request: ReplayExecutionRequest) -> ReplayBackendResult: ...


class DbReplayAdapter:
    """Tables: the finalizer changes them."""

    change = "execute_finalizer"

    def __init__(self, *, backend: ReplayBackend) -> None:
        self._backend = backend

    def execute(self, request: ReplayExecutionRequest) -> ReplayAdapterResult:
        """Carry the sequence out, up to the first failure."""
        backend = self._backend
        change = {
            "execute_finalizer": backend.execute_finalizer,
            "produce_replay_events": backend.produce_replay_events,
        }
        steps: tuple[tuple[str, Callable[[ReplayExecutionRequest], ReplayBackendResult]], ...] = (
            ("validate_staging", backend.validate_staging),
            (self.change, change[self.change]),
            ("reconcile", backend.reconcile),
            ("commit_state", backend.commit_state),
        )
        done: list[str] = []
        said: list[ReplayBackendResult] = []
        for name, step in steps:
            result = step(request)
            done.append(name)
            said.append(result)
            if not result.passed:
                return ReplayAdapterResult("failed", tuple(done), False, tuple(said))
        return ReplayAdapterResult("executed", tuple(done), True, tuple(said))


class KafkaReplayAdapter(DbReplayAdapter):
    """An event log: events are produced again, nothing of the log is replaced."""

    change = "produce_replay_events"
