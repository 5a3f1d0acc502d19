"""The rule of plan/verify for exchanged partitions: built from what is proved, and kept until the commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dpone_compiler.plan.actions import BuildPartitions, CommitState, DropRetired, RecordStaged, SwapPartitions
from dpone_compiler.plan.step import Plan, Step


def exchanged(plan: Plan, over: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What takes a partition's place was built from the same staged rows, and what left it is kept until the commit."""

    def after(step: Step, kind: type) -> list[Step]:
        return [other for other in plan.steps if isinstance(other.action, kind) and other.id in over[step.id]]

    for step in plan.steps:
        match step.action:
            case SwapPartitions(staging=staging, partitions=partitions):
                built = [other.action for other in after(step, BuildPartitions)]
                if not any(
                    isinstance(b, BuildPartitions) and (b.staging, b.partitions) == (staging, partitions) for b in built
                ):
                    yield f"{step.id} can be reached without BuildPartitions of the same rows and partitions"
            case BuildPartitions() if not after(step, RecordStaged):
                yield f"{step.id} can be reached without RecordStaged: what is built from may change"
            case DropRetired() if not after(step, CommitState):
                yield f"{step.id} can be reached without CommitState: the old rows would be gone"
            case _:
                pass
