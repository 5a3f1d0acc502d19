"""Invariants 3, 6, 7 and 13 on the plans of the examples: nothing is lost, everything is explained and proved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dpone_compiler.driver.compile import Compiled, Options, compile_paths, pass_context, read_manifest_file
from dpone_compiler.ir.decision import Chosen
from dpone_compiler.optimizer.order import ORDER
from dpone_compiler.plan import actions
from dpone_compiler.plan.realised import unrealised
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.verify import verify_plan
from dpone_compiler.spi.backend import Context
from dpone_compiler.spi.compiler_pass import PassContext
from tests.cli.commands import EXAMPLES

LOADS = compile_paths([EXAMPLES]).loads
EACH = pytest.mark.parametrize("compiled", LOADS, ids=lambda compiled: compiled.load.name)
# Without one of these a plan may publish rows that nobody proved.
PROOFS = (actions.CheckStagedRows, actions.Reconcile, actions.RecordStaged)


def _context(compiled: Compiled) -> Context:
    assert compiled.context is not None
    return compiled.context


def _without(plan: Plan, kind: type) -> Plan:
    """The plan with every step of that kind cut out, its successors joined to its predecessors."""
    cut = {step.id: step.after for step in plan.steps if isinstance(step.action, kind)}
    kept = []
    for step in plan.steps:
        if step.id not in cut:
            after = dict.fromkeys(x for name in step.after for x in (cut.get(name, (name,))))
            kept.append(replace(step, after=tuple(name for name in after if name not in cut)))
    return replace(plan, steps=tuple(kept))


@EACH
def test_the_plan_is_proved(compiled: Compiled) -> None:
    assert verify_plan(_context(compiled).plan) == ()


@EACH
@pytest.mark.parametrize("kind", PROOFS, ids=lambda kind: kind.__name__)
def test_a_plan_without_a_proof_is_refused(compiled: Compiled, kind: type) -> None:
    assert verify_plan(_without(_context(compiled).plan, kind)) != ()


@EACH
def test_a_lost_filter_is_found(compiled: Compiled) -> None:
    context = _context(compiled)
    assert unrealised(context.load, context.plan) == ()
    lost = [
        replace(step, action=replace(step.action, selection=replace(step.action.selection, where=None)))
        if isinstance(step.action, actions.Transfer) and step.action.selection.where is not None
        else step
        for step in context.plan.steps
    ]
    faults = unrealised(context.load, replace(context.plan, steps=tuple(lost)))
    assert (faults != ()) is (context.load.read.where is not None)


@EACH
def test_no_part_of_the_load_can_go_missing(compiled: Compiled) -> None:
    context = _context(compiled)
    for kind in (actions.Transfer, actions.CheckNullKeys):
        if any(isinstance(step.action, kind) for step in context.plan.steps) and (
            kind is actions.Transfer or context.load.write.key
        ):
            assert unrealised(context.load, _without(context.plan, kind)) != ()


@EACH
def test_every_choice_explains_itself(compiled: Compiled) -> None:
    decisions = compiled.load.decisions
    for name in ("strategy", "native_path", "wire", "batching", "finalizer", "reconcile"):
        choice = getattr(decisions, name)
        assert isinstance(choice, Chosen), name
        assert choice.by
        assert choice.rule
        assert choice.reason
    for step in _context(compiled).plan.steps:
        assert step.why
        assert step.purpose


def test_a_pass_that_changes_nothing_returns_the_same_load() -> None:
    for manifest in sorted(EXAMPLES.glob("*.yaml")):
        read = read_manifest_file(manifest, Options())
        for load in read.loads:
            context = pass_context(load, read.catalog, read.policy)
            assert isinstance(context, PassContext)
            decided = next(each.load for each in LOADS if each.load.name == load.name)
            for pass_ in ORDER.passes:
                assert pass_.run(decided, context).load is decided, pass_.name
