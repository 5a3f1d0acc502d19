"""Questions that the rules of a proof ask of a plan: which steps do this, and can one be reached without the other."""

from __future__ import annotations

from dpone_compiler.plan.step import Plan, Step

Over = dict[str, frozenset[str]]
"""For each step the ids of those that dominate it."""


def steps_of(plan: Plan, *kinds: type) -> tuple[Step, ...]:
    """The steps with an action of one of these kinds."""
    return tuple(step for step in plan.steps if isinstance(step.action, kinds))


def dominated_by(plan: Plan, over: Over, step: Step, *kinds: type) -> bool:
    """Whether every way to the step passes another one of these kinds."""
    return any(other.id in over[step.id] and other.id != step.id for other in steps_of(plan, *kinds))
