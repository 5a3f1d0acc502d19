"""The values of the facade; field names are those that users of dpone know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dpone_compiler.runtime.repair import RepairStep
from dpone_compiler.spi.strategy import NativePath


@dataclass(frozen=True, slots=True)
class StrategySignal:
    """A reason, a gate or a warning. `severity`: info | medium | high | warning | error."""

    code: str
    severity: str
    message: str
    action: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AdaptiveBatchingPlan:
    """Batch sizes in rows; `enabled` is also the plan's truth value."""

    enabled: bool
    initial_batch_size: int
    min_batch_size: int
    max_batch_size: int
    parallel_workers: int
    tuning_metric: str

    def __bool__(self) -> bool:
        return self.enabled

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class NativeFastPath:
    """A bulk path of a route under dpone's names: a view of the registered path, or of the streaming that every route has."""

    path: NativePath

    @property
    def path_id(self) -> str:
        """Its name in plans."""
        return self.path.name

    @property
    def source_type(self) -> str:
        """The engine that is read."""
        return self.path.source

    @property
    def sink_type(self) -> str:
        """The engine that is written."""
        return self.path.sink

    @property
    def summary(self) -> str:
        """How rows leave and how they arrive."""
        return f"{self.path.export}; {self.path.ingest}"

    @property
    def required_tools(self) -> tuple[str, ...]:
        """What preflight looks for."""
        return self.path.tools

    @property
    def fallback_path(self) -> str:
        """How rows go where a tool is missing."""
        return self.path.fallback

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        names = ("path_id", "source_type", "sink_type", "summary", "fallback_path")
        return {name: getattr(self, name) for name in names} | {"required_tools": list(self.required_tools)}


@dataclass(frozen=True, slots=True)
class StrategyDecision:
    """What would be done and why; `merge_policy` None: the strategy has none."""

    source_type: str
    sink_type: str
    requested_mode: str
    strategy_mode: str
    merge_policy: str | None
    native_fast_path: str
    adaptive_batching: AdaptiveBatchingPlan
    reasons: tuple[StrategySignal, ...] = ()
    safety_gates: tuple[StrategySignal, ...] = ()
    warnings: tuple[StrategySignal, ...] = ()
    native_transfer_plan: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """A runbook. `known`: this machine has a journal of the run, so the steps are of its own plan."""

    run_id: str
    safe_to_auto_resume: bool
    steps: tuple[RepairStep, ...]
    commands: tuple[str, ...]
    known: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)
