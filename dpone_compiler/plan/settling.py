"""The wait for replaced rows to be gone for good, on servers where a restart brings them back: between the change and its proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dpone_compiler.plan.actions import AwaitCleared, CommitState, DropPartitions, ReplacePartitions
from dpone_compiler.plan.sequence import RERUN, chained
from dpone_compiler.plan.step import Idempotency, Plan, Step

_REPLACE = (ReplacePartitions, DropPartitions)
_AWAIT = Step(
    id="await-cleared",
    action=AwaitCleared(),
    purpose="wait until the replaced rows have left the disk",
    why="this server shows them again, beside the new ones, when it restarts before that",
    after=(),
    idempotency=Idempotency.IDEMPOTENT,
    guard=RERUN,
)


def settled(plan: Plan) -> Plan:
    """The same plan with a wait behind the last partition that it replaces or drops."""
    last = max((at for at, step in enumerate(plan.steps) if isinstance(step.action, _REPLACE)), default=-1)
    if last < 0:
        return plan
    wait = replace(_AWAIT, source_path=plan.steps[last].source_path)
    return replace(plan, steps=chained((*plan.steps[: last + 1], wait, *plan.steps[last + 1 :])))


def waited(plan: Plan, over: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """The rule of plan/verify: the wait is behind every replacement, and no commit comes before its end."""
    for wait in (step for step in plan.steps if isinstance(step.action, AwaitCleared)):
        for step in plan.steps:
            if isinstance(step.action, _REPLACE) and step.id not in over[wait.id]:
                yield f"{wait.id} can be reached without {step.id}: what it replaces could come back"
            if isinstance(step.action, CommitState) and wait.id not in over[step.id]:
                yield f"{step.id} can be reached without {wait.id}: replaced rows could come back behind it"
