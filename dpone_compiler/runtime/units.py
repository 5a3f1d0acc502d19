"""Steps in groups that are repeated together: a transaction of the target, a snapshot of the source, or one step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dpone_compiler.artifacts.plan_doc import StepDoc


@dataclass(frozen=True, slots=True)
class Unit:
    """Neighbours that succeed or are repeated together."""

    steps: tuple[StepDoc, ...]

    def holds(self, step_id: str) -> bool:
        """Whether a step is one of them."""
        return any(step.id == step_id for step in self.steps)


def units_of(steps: Sequence[StepDoc]) -> tuple[Unit, ...]:
    """Group the steps. A transaction reaches from its first to its last step, whatever stands between; so does a snapshot."""
    last = _last_index(steps)
    units: list[Unit] = []
    first = 0
    while first < len(steps):
        end = first
        at = first
        while at <= end:  # overlapping groups grow into one unit
            end = max(end, *(last[key] for key in _groups(steps[at])), at)
            at += 1
        units.append(Unit(tuple(steps[first : end + 1])))
        first = end + 1
    return tuple(units)


def last_of_groups(steps: Sequence[StepDoc]) -> dict[tuple[str, str], str]:
    """(kind of group, name) -> id of its last step."""
    return {key: steps[index].id for key, index in _last_index(steps).items()}


def _last_index(steps: Sequence[StepDoc]) -> dict[tuple[str, str], int]:
    return {key: index for index, step in enumerate(steps) for key in _groups(step)}


def _groups(step: StepDoc) -> list[tuple[str, str]]:
    groups = [("step", step.id)]
    if step.transaction:
        groups.append(("transaction", step.transaction))
    if step.snapshot:
        groups.append(("snapshot", step.snapshot))
    return groups
