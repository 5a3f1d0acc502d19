"""Strategy intelligence under the names that users of dpone import: a thin facade over the compiler and its runtime.

Nothing is decided here. The advisor runs the compile's own passes, the catalog reads the registered native paths, replay goes
through bundles. Names are imported at their first use, so importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HERE = "dpone_compiler.strategy_intelligence"
_EXPORTS = {
    "AdaptiveBatchController": f"{_HERE}.adaptive",
    "AdaptiveBatchingPlan": f"{_HERE}.models",
    "AdviceRefusedError": f"{_HERE}.advisor",
    "BatchAdjustment": f"{_HERE}.adaptive",
    "BatchObservation": f"{_HERE}.adaptive",
    "BigQueryReplayBackend": f"{_HERE}.live_backends",
    "ClickHouseReplayBackend": f"{_HERE}.live_backends",
    "DbReplayAdapter": f"{_HERE}.replay_adapters",
    "KafkaLiveReplayBackend": f"{_HERE}.live_backends",
    "KafkaReplayAdapter": f"{_HERE}.replay_adapters",
    "MssqlReplayBackend": f"{_HERE}.live_backends",
    "NativeFastPath": f"{_HERE}.models",
    "NativeFastPathCatalog": f"{_HERE}.native_paths",
    "NativeFastPathPreflightService": f"{_HERE}.preflight",
    "PostgresReplayBackend": f"{_HERE}.live_backends",
    "RepairPlan": f"{_HERE}.models",
    "RepairPlanService": f"{_HERE}.repair",
    "RepairRequest": f"{_HERE}.repair",
    "RepairStep": "dpone_compiler.runtime.repair",
    "ReplayBackend": f"{_HERE}.replay_adapters",
    "ReplayBackendConnection": f"{_HERE}.replay_clients",
    "ReplayBackendResult": f"{_HERE}.replay_adapters",
    "ReplayExecutionRequest": f"{_HERE}.replay",
    "ReplayExecutionResult": f"{_HERE}.replay",
    "ReplayExecutionService": f"{_HERE}.replay",
    "RuntimeKafkaReplayClient": f"{_HERE}.replay_clients",
    "RuntimeReplayBackendFactory": f"{_HERE}.replay_clients",
    "RuntimeSqlReplayClient": f"{_HERE}.replay_clients",
    "StrategyAdvisor": f"{_HERE}.advisor",
    "StrategyCertificationArtifactWriter": f"{_HERE}.certification",
    "StrategyCertificationMatrixService": f"{_HERE}.certification",
    "StrategyContext": f"{_HERE}.advisor",
    "StrategyDecision": f"{_HERE}.models",
    "StrategySignal": f"{_HERE}.models",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)
