"""The step graph: order and dominance. A step dominates another when every path from the start to it passes through it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from dpone_compiler.plan.step import Step


class BrokenGraph(ValueError):
    """The steps are no graph at all: a name twice, an unknown predecessor, a cycle."""


def dominators(steps: tuple[Step, ...]) -> dict[str, frozenset[str]]:
    """For each step the ids of all steps that dominate it, itself included. Raises BrokenGraph."""
    before = {step.id: step.after for step in steps}
    if len(before) != len(steps):
        raise BrokenGraph("two steps have the same id")
    unknown = {name for after in before.values() for name in after if name not in before}
    if unknown:
        raise BrokenGraph(f"steps come after unknown steps: {sorted(unknown)}")
    try:
        order = tuple(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise BrokenGraph(f"steps form a cycle: {error.args[1]}") from error
    found: dict[str, frozenset[str]] = {}
    for step_id in order:
        shared = [found[name] for name in before[step_id]]
        common = frozenset.intersection(*shared) if shared else frozenset()
        found[step_id] = common | {step_id}
    return found
