"""Proof of the steps that make a target or add columns to it: rules of `verify`."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.plan.actions import AcquireLease, CheckTable, CreateStaging, OpenAttempt, ReadState, Transfer
from dpone_compiler.plan.dominated import Over, dominated_by, steps_of
from dpone_compiler.plan.step import Plan, Step
from dpone_compiler.plan.target_actions import AddColumns, CheckNotLost, CreateTarget


def target_made(plan: Plan, over: Over) -> Iterator[str]:
    """A table is made only where nothing was lost with it, and is checked like any other before a row is asked for."""
    made = steps_of(plan, CreateTarget)
    if len(made) > 1:
        yield f"{len(made)} steps make the target"
    for step in made:
        if not dominated_by(plan, over, step, CheckNotLost):
            yield f"{step.id} can be reached without CheckNotLost: rows that were loaded would be missing"
    for later in (*_checks(plan), *steps_of(plan, ReadState)) if made else ():
        if not dominated_by(plan, over, later, CreateTarget):
            yield f"{later.id} asks for a table that may not be there yet"


def columns_added(plan: Plan, over: Over) -> Iterator[str]:
    """Columns are added under the lease to a table that was looked at, alone, and the whole table is looked at before it is used."""
    added = steps_of(plan, AddColumns)
    lacking = [check for check in _checks(plan) if isinstance(check.action, CheckTable) and check.action.may_lack]
    if len(added) > 1:
        yield f"{len(added)} steps add columns to the target"
    if lacking and not added:
        yield f"{lacking[0].id} lets columns be missing that no step adds"
    for step in added:
        for first in (CheckTable, AcquireLease):
            if not dominated_by(plan, over, step, first):
                yield f"{step.id} can be reached without {first.__name__}"
        if step.transaction:
            yield f"{step.id} holds the lock of its ALTER until the transaction {step.transaction} ends"
        whole = [check for check in _checks(plan) if check not in lacking and step.id in over[check.id]]
        for later in steps_of(plan, OpenAttempt, CreateStaging, Transfer):
            if not any(check.id in over[later.id] for check in whole):
                yield f"{later.id} can be reached without a check of the target with its new columns"


def _checks(plan: Plan) -> tuple[Step, ...]:
    found = steps_of(plan, CheckTable)
    return tuple(step for step in found if isinstance(step.action, CheckTable) and step.action.side == "target")
