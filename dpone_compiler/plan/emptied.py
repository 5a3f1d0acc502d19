"""Staging tables that are made empty, where a sink makes them outside of any shared transaction."""

from __future__ import annotations

from dpone_compiler.plan.actions import CreateStaging, DropStaging
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.staging import Staging
from dpone_compiler.plan.step import Guard, Idempotency


def create_alone(seq: Sequence, staging: Staging, *, guard: Guard) -> None:
    """An empty staging table outside of any shared transaction: what an interrupted try left is dropped first."""
    unit = f"clear-{staging.role}"
    seq.add(
        unit,
        DropStaging(staging=staging),
        "drop what an interrupted try of this run left",
        "staging is filled from empty or not at all",
        guard=guard,
    )
    seq.add(
        f"create-{staging.role}",
        CreateStaging(staging=staging),
        *created(staging.role),
        idempotency=Idempotency.WITH_UNIT,
        guard=guard,
        retry_boundary=unit,
    )


def created(role: str) -> tuple[str, str]:
    """Purpose and reason of an empty staging table."""
    return f"create the empty staging table ({role})", "rows are proved in staging before the target is touched"
