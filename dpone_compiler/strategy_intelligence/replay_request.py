"""What is asked of a replay."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplayExecutionRequest:
    """`action`: resume | resync. `bundle`: folder of the run's bundle, '' when only its kind is known. `yes`: carry it out."""

    action: str
    run_id: str
    source_type: str
    sink_type: str
    strategy_mode: str
    failed_stage: str = "finalize"
    partitions: tuple[str, ...] = ()
    yes: bool = False
    bundle: str = ""
