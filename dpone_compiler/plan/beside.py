"""The phase of a swap before its lock: what will take the target's place is built beside it, and what was taken out is dropped."""

from __future__ import annotations

from dpone_compiler.plan.actions import Action, DropRetired, Fence
from dpone_compiler.plan.sequence import RERUN, Sequence
from dpone_compiler.plan.step import Idempotency


def build_beside(seq: Sequence, step_id: str, action: Action, purpose: str, why: str) -> None:
    """A fenced transaction of its own. It is repeated whole when the run goes on, since only the swap makes it final."""
    seq.add(
        "fence-build",
        Fence(),
        "hold the state row with our fencing token",
        "a run that lost its lease must not write",
        idempotency=Idempotency.PURE,
        transaction="build",
    )
    seq.add(
        step_id,
        action,
        purpose,
        why,
        idempotency=Idempotency.TRANSACTIONAL,
        guard=RERUN,
        transaction="build",
        path="sink.strategy.merge_policy",
    )


def drop_retired(seq: Sequence) -> None:
    """After the commit: what the swap took out is needed by nobody."""
    released = seq.steps.pop()
    seq.add(
        "drop-retired",
        DropRetired(),
        "drop what the swap took out of the target",
        "readers who waited have the new one; nothing is left behind",
        path="sink.strategy.merge_policy",
    )
    seq.add(
        released.id,
        released.action,
        released.purpose,
        released.why,
        idempotency=released.idempotency,
        guard=released.guard,
    )
