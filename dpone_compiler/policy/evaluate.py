"""Deciding: the first rule that is true chooses; every rule is traced, and what was not chosen says why.

Three-valued: a comparison with an unknown fact is unknown, and a rule or gate acts on true alone.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from dpone_compiler.ir.decision import Rejected
from dpone_compiler.policy.facts import Fact, Facts
from dpone_compiler.policy.model import (
    All,
    AnyOf,
    Atom,
    Compare,
    Condition,
    Effect,
    Flag,
    Gate,
    IsSet,
    Not,
    OneOf,
    Op,
    Policy,
    Rule,
    Value,
)
from dpone_compiler.policy.vocabulary import value_text
from dpone_compiler.policy.wording import actual_text
from dpone_compiler.source.value import value


class Truth(enum.Enum):
    """Kleene's three values."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@value(kw_only=True)
class RuleTrace:
    """How one rule came out: the facts it read (name, value, source; an unknown one has no value) and why it failed."""

    rule: Rule
    truth: Truth
    facts: tuple[tuple[str, str, str], ...]
    why_not: tuple[str, ...] = ()


@value
class Note:
    """Something that was asked for and is not followed."""

    code: str
    rule: str
    reason: str


@value(kw_only=True)
class Decision:
    """The rule that fired (None: none did), the trace of every rule, what was rejected, and what was ignored."""

    rule: Rule | None
    trace: tuple[RuleTrace, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[Note, ...]


@value(kw_only=True)
class GateResult:
    """How one gate came out. `truth` TRUE: its effect applies; UNKNOWN: a fact it needs is missing."""

    gate: Gate
    truth: Truth
    facts: tuple[tuple[str, str, str], ...]

    @property
    def denies(self) -> bool:
        """True when this result refuses the decision."""
        return self.truth is Truth.TRUE and self.gate.effect is Effect.DENY


def decide(policy: Policy, facts: Facts) -> Decision:
    """The first rule that is true under the facts, with everything a person needs to check it."""
    trace = tuple(_trace(rule, facts) for rule in policy.rules)
    chosen = next((entry.rule for entry in trace if entry.truth is Truth.TRUE), None)
    notes = tuple(
        Note(ignored.code, entry.rule.name, f"{ignored.because}: {_why_not(entry, chosen)}")
        for entry in trace
        if entry.rule is not chosen
        for ignored in entry.rule.ignored
        if truth_of(ignored.when, facts) is Truth.TRUE
    )
    return Decision(rule=chosen, trace=trace, rejected=_rejected(trace, chosen), notes=notes)


def check_gates(policy: Policy, facts: Facts) -> tuple[GateResult, ...]:
    """Every gate under the facts of a decision, in order."""
    return tuple(
        GateResult(gate=gate, truth=truth_of(gate.when, facts), facts=_read(gate.when, facts)) for gate in policy.gates
    )


def truth_of(condition: Condition, facts: Facts) -> Truth:
    """Kleene logic: false wins over unknown in a conjunction, true wins in a disjunction."""
    match condition:
        case All(terms):
            return _strongest(terms, facts, Truth.FALSE, otherwise=Truth.TRUE)
        case AnyOf(terms):
            return _strongest(terms, facts, Truth.TRUE, otherwise=Truth.FALSE)
        case Not(term):
            return _opposite(truth_of(term, facts))
        case IsSet(fact=name, negated=negated):
            return _truth((facts.get(name) is None) is negated)
        case Compare() | OneOf() | Flag():
            fact = facts.get(condition.fact)
            return Truth.UNKNOWN if fact is None else _truth(_holds(condition, fact.value))


_OPERATORS: Mapping[Op, Callable[[Value, Value], bool]] = MappingProxyType(
    {
        Op.EQ: operator.eq,
        Op.NE: operator.ne,
        Op.LT: operator.lt,
        Op.LE: operator.le,
        Op.GT: operator.gt,
        Op.GE: operator.ge,
    }
)


def _holds(atom: Compare | OneOf | Flag, value: Value) -> bool:
    match atom:
        case Compare(op=op, value=wanted):
            return _OPERATORS[op](value, wanted)
        case OneOf(values=values, negated=negated):
            return (value in values) is not negated
        case Flag():
            return value is True


def _truth(value: bool) -> Truth:
    return Truth.TRUE if value else Truth.FALSE


def _opposite(truth: Truth) -> Truth:
    return Truth.UNKNOWN if truth is Truth.UNKNOWN else _truth(truth is Truth.FALSE)


def _strongest(terms: Iterable[Condition], facts: Facts, strong: Truth, *, otherwise: Truth) -> Truth:
    found = {truth_of(term, facts) for term in terms}
    return strong if strong in found else Truth.UNKNOWN if Truth.UNKNOWN in found else otherwise


def _trace(rule: Rule, facts: Facts) -> RuleTrace:
    truth = truth_of(rule.when, facts)
    why_not = () if truth is Truth.TRUE else tuple(dict.fromkeys(_failing(rule.when, facts)))
    return RuleTrace(rule=rule, truth=truth, facts=_read(rule.when, facts), why_not=why_not)


def _failing(condition: Condition, facts: Facts) -> Iterable[str]:
    match condition:
        case All(terms) | AnyOf(terms):
            for term in terms:
                if truth_of(term, facts) is not Truth.TRUE:
                    yield from _failing(term, facts)
        case Not(term):
            yield from (f"not wanted: {actual_text(atom, facts)}" for atom in atoms(term))
        case Compare() | OneOf() | IsSet() | Flag():
            yield actual_text(condition, facts)


def atoms(condition: Condition) -> Iterable[Atom]:
    """Every atom of a condition from left to right."""
    match condition:
        case All(terms) | AnyOf(terms):
            for term in terms:
                yield from atoms(term)
        case Not(term):
            yield from atoms(term)
        case Compare() | OneOf() | IsSet() | Flag():
            yield condition


def _read(condition: Condition, facts: Facts) -> tuple[tuple[str, str, str], ...]:
    names = dict.fromkeys(atom.fact for atom in atoms(condition))
    return tuple((name, *_fact_text(name, facts.get(name))) for name in names)


def _fact_text(name: str, fact: Fact | None) -> tuple[str, str]:
    return ("unknown", "") if fact is None else (value_text(name, fact.value), fact.source.value)


def _why_not(entry: RuleTrace, chosen: Rule | None) -> str:
    if entry.truth is Truth.TRUE and chosen is not None:
        return f"rule {chosen.name} came first"
    return "; ".join(entry.why_not)


def _rejected(trace: tuple[RuleTrace, ...], chosen: Rule | None) -> tuple[Rejected, ...]:
    taken = chosen.choose if chosen else ""
    reasons: dict[str, str] = {}
    for entry in trace:
        if entry.rule.choose != taken:
            reasons.setdefault(entry.rule.choose, f"{entry.rule.name}: {_why_not(entry, chosen)}")
    return tuple(Rejected(strategy, reason) for strategy, reason in reasons.items())
