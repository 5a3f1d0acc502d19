"""Advice: the decision of a load with other hints, and where it would change. The passes are the compile's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from dpone_compiler.cost.constants import BUILT_IN, Constants
from dpone_compiler.cost.turns import Turn, turns
from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.driver.compile import compile_load, not_compiled, pass_context
from dpone_compiler.driver.past import past_hints
from dpone_compiler.driver.problems import AdviceOnly, StepRefused
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
_NOTHING: Mapping[str, float | None] = MappingProxyType({})
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
    advice = _advise(load, context, _NOTHING, _FROM_HINTS, BUILT_IN)
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


def advise_load(
    load: Load,
    catalog: Catalog,
    policy: Policy,
    told: Mapping[str, float | None] = _NOTHING,
    constants: Constants = BUILT_IN,
    *,
    receipts: Sequence[Mapping[str, Any]] = (),
) -> Advice:
    """Decide one load, with the hints that were told instead of its own. `receipts`: past runs, for what nobody says.

    It is compiled as well: what a compile refuses the advice refuses with the same words, and the transfer is the plan's.
    """
    hinted = with_hints(load, told)
    past = past_hints(receipts, load.name, hinted.hints.rows)
    past = {name: found for name, found in past.items() if getattr(hinted.hints, name) is None}
    hinted = with_hints(hinted, past)
    advice = _advise(hinted, pass_context(load, catalog, policy, constants), told, ORDER, constants)
    advice = replace(advice, load=_sourced(advice.load, past, FactSource.RECEIPT))
    compiled, diagnostics = compile_load(hinted, catalog, policy, constants=constants)
    if compiled.bundle is None:
        refused = tuple(each for each in diagnostics if isinstance(each.problem, StepRefused))
        return replace(advice, diagnostics=(*advice.diagnostics, *refused))
    return replace(advice, transfer=json.loads(compiled.bundle.files["plan.json"])["native_transfer_plan"])


def _advise(
    load: Load,
    context: PassContext | Diagnostic,
    told: Mapping[str, float | None],
    order: PassOrder,
    constants: Constants,
) -> Advice:
    if isinstance(context, Diagnostic):
        return Advice(load=load, decided=False, diagnostics=(context,))
    final, diagnostics = run_passes(load, context, order, ())
    no_plan = not_compiled(load, context)
    said = () if no_plan is None else (replace(no_plan, problem=AdviceOnly(no_plan.problem.message())),)
    return Advice(
        load=_sourced(final, told, FactSource.FLAG),
        decided=not isinstance(final.decisions.strategy, Undecided),
        diagnostics=(*said, *diagnostics),
        trace=decide(context.policy, load_facts(load, context)).trace,
        break_even=tuple(_break_even(load, context)) if load.write.mode in OPEN_MODES else (),
        costing=context.costs(final, context.facts, context.sink),
        turns=turns(final, context.facts, context.sink, constants),
    )


def _sourced(load: Load, told: Mapping[str, float | None], whence: FactSource) -> Load:
    """A fact that somebody else told is not said to come from the manifest."""
    choice = load.decisions.strategy
    if isinstance(choice, Undecided) or not any(value is not None for value in told.values()):
        return load
    manifest, other = (f"({source.value})" for source in (FactSource.MANIFEST, whence))
    facts = tuple(
        (name, text.replace(manifest, other) if told.get(name) is not None else text) for name, text in choice.facts
    )
    return replace(load, decisions=replace(load.decisions, strategy=replace(choice, facts=facts)))


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


def with_hints(load: Load, told: Mapping[str, float | None]) -> Load:
    """The load with the hints that were told (rows, bytes, changed, deleted); None leaves the manifest's."""
    given = {fact: value for fact, value in told.items() if value is not None}
    if not given:
        return load
    hints = load.hints
    counts = {fact: int(given[fact]) for fact in ("rows", "bytes") if fact in given}
    changed, deleted = given.get("changed", hints.changed), given.get("deleted", hints.deleted)
    rows, size = counts.get("rows", hints.rows), counts.get("bytes", hints.bytes)
    return replace(load, hints=replace(hints, rows=rows, bytes=size, changed=changed, deleted=deleted))


def _strategy(load: Load, context: PassContext, fact: str, value: float) -> str:
    final, _ = run_passes(with_hints(load, {fact: value}), context, _TO_STRATEGY, ())
    choice = final.decisions.strategy
    return "refused" if isinstance(choice, Undecided) else choice.value
