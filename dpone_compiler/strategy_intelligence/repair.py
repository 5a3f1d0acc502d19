"""Runbooks under dpone's names."""

from __future__ import annotations

from dataclasses import dataclass

from dpone_compiler.runtime.repair import FailedRun, runbook
from dpone_compiler.strategy_intelligence.models import RepairPlan


@dataclass(frozen=True, slots=True)
class RepairRequest:
    """A failed run. `partition_values`: which partitions it was about."""

    run_id: str
    source_type: str
    sink_type: str
    strategy_mode: str
    failed_stage: str
    partition_values: tuple[str, ...] = ()


class RepairPlanService:
    """Makes runbooks; the same request gives the same text."""

    def plan(self, request: RepairRequest) -> RepairPlan:
        """The general runbook: a service has no journal to look into."""
        run = FailedRun(request.run_id, request.strategy_mode, request.failed_stage, request.partition_values)
        book = runbook(run, known=False)
        return RepairPlan(book.run_id, book.safe_to_auto_resume, book.steps, book.commands, book.known)
