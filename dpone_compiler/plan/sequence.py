"""Building a plan: steps in order, each after the one before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dpone_compiler.plan.actions import Action
from dpone_compiler.plan.step import Guard, Idempotency, Step

RERUN = Guard(kind="rerun", why="repeating it changes nothing")
STAGED = Guard(kind="phase", phase="staged", why="the state row says staged, and staging still holds the recorded rows")
OPENED = Guard(kind="phase", phase="open", why="the state row names this run")
FENCED_AGAIN = Guard(
    kind="rerun", why="no lease raises the fencing token, so whoever goes on with the attempt raises it here"
)
COMMITTED = Guard(kind="phase", phase="committed", why="the state row is written in the same transaction")


def chained(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps, each after the one before it."""
    in_order = tuple(steps)
    return tuple(replace(step, after=(in_order[at - 1].id,) if at else ()) for at, step in enumerate(in_order))


class Sequence:
    """A plan in the making. Not a value: it lives inside one strategy's `steps` and is gone when the Plan is built."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(
        self,
        step_id: str,
        action: Action,
        purpose: str,
        why: str,
        *,
        idempotency: Idempotency = Idempotency.IDEMPOTENT,
        guard: Guard = RERUN,
        transaction: str = "",
        snapshot: str = "",
        retry_boundary: str = "",
        path: str = "",
    ) -> None:
        """Append a step after the last one."""
        after = (self.steps[-1].id,) if self.steps else ()
        self.steps.append(
            Step(
                id=step_id,
                action=action,
                purpose=purpose,
                why=why,
                after=after,
                idempotency=idempotency,
                guard=guard,
                transaction=transaction,
                snapshot=snapshot,
                retry_boundary=retry_boundary,
                source_path=path,
            )
        )
