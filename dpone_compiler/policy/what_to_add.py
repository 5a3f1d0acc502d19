"""What a manifest would have to say so that `auto` need not load everything, from the rules that did not fire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dpone_compiler.ir.load import Gate
from dpone_compiler.policy.evaluate import RuleTrace, Truth, truth_of
from dpone_compiler.policy.facts import Facts
from dpone_compiler.policy.model import All, AnyOf, Compare, Condition, Flag, IsSet

CODE = "incremental_hints_missing"
# The facts that a manifest can state, and where.
_SAID_BY = {
    "key": "sink.strategy.unique_key",
    "cursor": "source.cursor",
    "partition": "sink.strategy.partition",
    "rows": "source.options.estimated_rows",
    "changed": "source.options.changed_percent",
    "cdc": "source.options.cdc_enabled",
}


def what_to_add(chosen: RuleTrace, trace: Iterable[RuleTrace], facts: Facts) -> Iterator[Gate]:
    """One note, when the rule that chose is the one that asks for nothing and others could be met."""
    if chosen.rule.when != All(()):
        return
    told = [
        f"{entry.rule.choose} needs {' and '.join(keys)}"
        for entry in trace
        if entry.truth is not Truth.TRUE and (keys := _keys(entry.rule.when, facts))
    ]
    if told:
        yield Gate(code=CODE, severity="info", message=f"to load less than everything: {'; '.join(told)}")


def _keys(when: Condition, facts: Facts) -> list[str]:
    """What the manifest lacks for this rule; nothing where something else stands in its way too."""
    lacks = [_key(each, facts) for each in _failing(when, facts)]
    return [] if "" in lacks else list(dict.fromkeys(lacks))


def _key(atom: Condition, facts: Facts) -> str:
    match atom:
        case IsSet(fact=name, negated=False) | Flag(fact=name):
            return _SAID_BY.get(name, "")
        case Compare(fact=name) if facts.get(name) is None:
            return _SAID_BY.get(name, "")
        case _:
            return ""


def _failing(condition: Condition, facts: Facts) -> Iterator[Condition]:
    if truth_of(condition, facts) is Truth.TRUE:
        return
    match condition:
        case All(terms) | AnyOf(terms):
            for term in terms:
                yield from _failing(term, facts)
        case _:
            yield condition
