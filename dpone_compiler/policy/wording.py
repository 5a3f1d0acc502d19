"""Conditions as text: in the words of the language, and as the reasons why one did not hold."""

from __future__ import annotations

from dpone_compiler.policy.facts import Facts
from dpone_compiler.policy.model import All, AnyOf, Atom, Compare, Condition, Flag, IsSet, Not, OneOf, Value
from dpone_compiler.policy.vocabulary import value_text


def condition_text(condition: Condition) -> str:
    """The condition as it would be written in a rule; `always` for the empty conjunction (a rule without `when`)."""
    match condition:
        case All(()):
            return "always"
        case All(terms):
            return " and ".join(_operand(term, inside=All) for term in terms)
        case AnyOf(terms):
            return " or ".join(_operand(term, inside=AnyOf) for term in terms)
        case Not(term):
            return f"not {_operand(term, inside=Not)}"
        case Compare(fact=fact, op=op, value=value):
            return f"{fact} {op.value} {_literal(fact, value)}"
        case OneOf(fact=fact, values=values, negated=negated):
            words = ", ".join(_literal(fact, value) for value in values)
            return f"{fact} {'not in' if negated else 'in'} ({words})"
        case IsSet(fact=fact, negated=negated):
            return f"{fact} is {'not set' if negated else 'set'}"
        case Flag(fact=fact):
            return fact


def actual_text(atom: Atom, facts: Facts) -> str:
    """An atom with what is known about its fact: `rows >= 1_000_000 (rows = 10, manifest)`."""
    fact = facts.get(atom.fact)
    if isinstance(atom, IsSet):
        return f"{atom.fact} is {'not set' if fact is None else 'set'}"
    if fact is None:
        return f"{condition_text(atom)} ({atom.fact} is not known)"
    return f"{condition_text(atom)} ({atom.fact} = {value_text(atom.fact, fact.value)}, {fact.source.value})"


def _operand(term: Condition, *, inside: type[All] | type[AnyOf] | type[Not]) -> str:
    text = condition_text(term)
    if inside is Not:
        return f"({text})" if isinstance(term, All | AnyOf | Not) else text
    return f"({text})" if isinstance(term, All | AnyOf) else text


def _literal(fact: str, value: Value) -> str:
    text = value_text(fact, value)
    plain = not isinstance(value, str) or (text.isidentifier() and text not in ("true", "false"))
    return text if plain else '"' + text.replace('"', '""') + '"'
