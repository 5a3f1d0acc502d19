"""Advice: the decision of a load with other hints, and where it would change. The passes are the compile's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dpone_compiler.cost.constants import BUILT_IN, Constants
from dpone_compiler.cost.turns import Turn, turns
from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.driver.compile import Passed, compile_passed, not_compiled, pass_context
from dpone_compiler.driver.hints import with_hints
from dpone_compiler.driver.problems import AdviceOnly
from dpone_compiler.driver.transfer_plan import transfer_outline
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import OPEN_MODES, Load, MovedColumn
from dpone_compiler.ir.schema import Catalog, Column
from dpone_compiler.optimizer.manager import PassOrder, run_passes
from dpone_compiler.optimizer.order import ORDER
from dpone_compiler.policy.evaluate import RuleTrace, atoms, decide
from dpone_compiler.policy.facts import FactSource
from dpone_compiler.policy.model import Compare, Policy
from dpone_compiler.policy.vocabulary import value_text
from dpone_compiler.spi.compiler_pass import PassContext
from dpone_compiler.spi.cost import NOTHING, Costing
from dpone_compiler.spi.facts import load_facts

# The passes up to the choice of the strategy: all that a break-even needs.
_NAMES = [each.name for each in ORDER.passes]
_TO_STRATEGY = PassOrder(ORDER.passes[: _NAMES.index("choose-strategy") + 1])
# Of a load that is described by hints alone: no cursor is looked up in a table that nobody knows.
_FROM_HINTS = PassOrder(tuple(each for each in ORDER.passes if each.name != "check-cursor"))
_STEPS = {"rows": 1, "bytes": 1, "changed": 0.0001, "deleted": 0.0001}


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The strategy below and from a threshold of one hint, the others as they are."""

    fact: str
    threshold: str
    below: str
    above: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The decided load (`decided` False: a pass refused it), what was said, the rules' trace and the break-evens.

    `transfer`: the native_transfer_plan, the plan's own where there is one, else what follows from the decisions; None: there is an error.
    """

    load: Load
    decided: bool
    diagnostics: Diagnostics
    trace: tuple[RuleTrace, ...] = ()
    break_even: tuple[BreakEven, ...] = ()
    costing: Costing = NOTHING
    turns: tuple[Turn, ...] = ()
    transfer: Mapping[str, Any] | None = None


def advise_hints(load: Load, policy: Policy) -> Advice:
    """Decide a load of which nothing but engines, names and hints is known: its named columns are taken for what such columns are."""
    context = pass_context(load, Catalog(), policy)
    columns = () if isinstance(context, Diagnostic) else tuple(_named(load, context))
    load = replace(load, decisions=replace(load.decisions, columns=columns))
    if isinstance(context, Diagnostic):
        return _undecided(load, context)
    advice = _advice(_passed(load, context, _FROM_HINTS, BUILT_IN), _no_plan(load, context))
    refused = not advice.decided or has_errors(advice.diagnostics)
    return replace(advice, transfer=None if refused else transfer_outline(advice.load))


def _named(load: Load, context: PassContext) -> Iterator[MovedColumn]:
    """Key, cursor and partition columns with the types that they mostly have."""
    cursor, partition = load.read.cursor, load.write.partition
    kinds = dict.fromkeys(load.write.key, DataType(kind=Kind.INT, bits=64))
    kinds |= {cursor.column: DataType(kind=Kind.TIMESTAMP, precision=6, tz=True)} if cursor else {}
    kinds |= {partition.column: DataType(kind=Kind.DATE)} if partition else {}
    for name, kind in kinds.items():
        ends = [
            Column(name=name, type=end.parse_type(native), native=native, nullable=False)
            for end in (context.source, context.sink)
            for native in (end.propose_type(kind),)
        ]
        yield MovedColumn(source=ends[0], target=ends[1])


def advise_load(load: Load, catalog: Catalog, policy: Policy, constants: Constants = BUILT_IN) -> Advice:
    """Decide one load. The passes run once: what they decide is compiled as well, and the transfer is the plan's.

    So what a compile refuses the advice refuses with the same words.
    """
    context = pass_context(load, catalog, policy, constants)
    if isinstance(context, Diagnostic):
        return _undecided(load, context)
    passed = _passed(load, context, ORDER, constants)
    if advice_only := _no_plan(load, context):
        return _advice(passed, advice_only)
    compiled, refused = compile_passed(passed, catalog)
    advice = _advice(passed, refused)
    if compiled.bundle is None:
        return advice
    return replace(advice, transfer=json.loads(compiled.bundle.files["plan.json"])["native_transfer_plan"])


def _undecided(load: Load, why: Diagnostic) -> Advice:
    return Advice(load=load, decided=False, diagnostics=(why,))


def _no_plan(load: Load, context: PassContext) -> Diagnostics:
    no_plan = not_compiled(load, context)
    return () if no_plan is None else (replace(no_plan, problem=AdviceOnly(no_plan.problem.message())),)


def _passed(load: Load, context: PassContext, order: PassOrder, constants: Constants) -> Passed:
    final, said = run_passes(load, context, order, ())
    return Passed(load=load, final=final, said=said, context=context, constants=constants)


def _advice(passed: Passed, more: Diagnostics) -> Advice:
    load, final, context = passed.load, passed.final, passed.context
    return Advice(
        load=final,
        decided=not isinstance(final.decisions.strategy, Undecided),
        diagnostics=(*passed.said, *more),
        trace=decide(context.policy, load_facts(load, context)).trace,
        break_even=tuple(_break_even(load, context)) if load.write.mode in OPEN_MODES else (),
        costing=context.costs(final, context.facts, context.sink),
        turns=turns(final, context.facts, context.sink, passed.constants),
    )


def _break_even(load: Load, context: PassContext) -> Iterator[BreakEven]:
    for fact, value in _thresholds(context.policy):
        below = _strategy(load, context, fact, max(value - _STEPS[fact], 0))
        above = _strategy(load, context, fact, value)
        if below != above:
            yield BreakEven(fact=fact, threshold=value_text(fact, value), below=below, above=above)


def _thresholds(policy: Policy) -> list[tuple[str, float]]:
    found = {
        (atom.fact, atom.value)
        for rule in policy.rules
        for atom in atoms(rule.when)
        if isinstance(atom, Compare) and atom.op.orders and atom.fact in _STEPS and isinstance(atom.value, int | float)
    }
    return sorted(found)


def _strategy(load: Load, context: PassContext, fact: str, value: float) -> str:
    final, _ = run_passes(with_hints(load, {fact: value}, FactSource.FLAG), context, _TO_STRATEGY, ())
    choice = final.decisions.strategy
    return "refused" if isinstance(choice, Undecided) else choice.value
