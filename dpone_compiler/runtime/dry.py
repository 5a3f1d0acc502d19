"""A dry run that comes to a table which a run would make: there is no state to plan by, and nothing is made."""

from __future__ import annotations

from dpone_compiler.artifacts.plan_doc import StepDoc
from dpone_compiler.runtime.executor import Executor
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.runtime.sessions import Sessions


class TargetToBeMade(Exception):
    """The step before which a dry run has to stop."""


def planned_first_run() -> RunOutcome:
    """The end of such a dry run: nothing was changed, and every step would be run."""
    message = "the target is not there, or not whole yet: a run makes it, and loads into it"
    return RunOutcome(exit_code=0, status="planned", message=message)


def looked_at(step: StepDoc, executor: Executor, sessions: Sessions) -> str:
    """Why a dry run passes a step that makes or takes something, '' for one that only looks. Raises TargetToBeMade."""
    if step.idempotency == "pure":
        return ""
    if step.kind == "take_lease":
        return "a dry run changes nothing, so it needs no lease"
    if executor.answers_yes(step, sessions.on("target")):
        return "its guard says done"
    raise TargetToBeMade
