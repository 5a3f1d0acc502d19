"""Puts the lease of another database around a plan's steps: taken before the state is read, renewed before the target changes."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.plan.actions import ReadState
from dpone_compiler.plan.lease_actions import RenewLease, TakeLease
from dpone_compiler.plan.sequence import RERUN, chained
from dpone_compiler.plan.step import Idempotency, Step
from dpone_compiler.plan.target_actions import CheckNotLost
from dpone_compiler.plan.verify import MUTATIONS

_PATH = "sink.lock_connection"
_TAKE = Step(
    id="take-lease",
    action=TakeLease(),
    purpose="take the target's lease in the database of lock_connection",
    why="the target has no locks; what its state row says must still hold when this run acts on it",
    after=(),
    idempotency=Idempotency.IDEMPOTENT,
    guard=RERUN,
    source_path=_PATH,
)
_RENEW = Step(
    id="renew-lease",
    action=RenewLease(),
    purpose="prolong the lease, or stop when another run has it",
    why="a run that was silent for longer than its lease must not change the target",
    after=(),
    idempotency=Idempotency.IDEMPOTENT,
    guard=RERUN,
    source_path=_PATH,
)


def under_a_lease(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps with the two of the lease among them, each after the one before it."""
    return chained(_leased(steps))


def _leased(steps: tuple[Step, ...]) -> Iterator[Step]:
    change = next(step for step in steps if isinstance(step.action, MUTATIONS))
    # In front of the transaction, where the change is in one: a lease elsewhere is no part of it.
    first = next(
        step for step in steps if step is change or (step.transaction and step.transaction == change.transaction)
    )
    taken = next(step for step in steps if isinstance(step.action, (ReadState, CheckNotLost)))
    for step in steps:
        if step is taken:
            yield _TAKE
        if step is first:
            yield _RENEW
        yield step
