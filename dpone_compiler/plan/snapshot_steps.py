"""Steps that strategies on whole snapshots share: staging that is computed from the target, and columns that no source feeds."""

from __future__ import annotations

from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.actions import Action, CreateStaging, DropStaging
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.staging import Staging
from dpone_compiler.plan.step import Guard, Idempotency

BEFORE_REWRITE = Guard(
    kind="query", why="the state row notes a complete rewrite of this run; the target may be half replaced by now"
)
"""What is computed from the target is computed before the first replacement, or not at all."""


def technical(column: Column) -> MovedColumn:
    """A column of the target that the strategy itself computes, as a column of staging."""
    return MovedColumn(source=column, target=column)


def rebuilt(seq: Sequence, staging: Staging, fill: tuple[str, Action, str, str]) -> None:
    """Drop, create and fill a staging table that is computed from the target, as one unit."""
    unit = f"clear-{staging.role}"
    steps: tuple[tuple[str, Action, str, str], ...] = (
        (
            unit,
            DropStaging(staging=staging),
            "drop what an interrupted try left",
            "it is filled from empty or not at all",
        ),
        (
            f"create-{staging.role}",
            CreateStaging(staging=staging),
            f"create the empty table ({staging.role})",
            "to be filled",
        ),
        fill,
    )
    for step_id, action, purpose, why in steps:
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.IDEMPOTENT if step_id == unit else Idempotency.WITH_UNIT,
            guard=BEFORE_REWRITE,
            retry_boundary="" if step_id == unit else unit,
            path="sink.strategy.mode",
        )
