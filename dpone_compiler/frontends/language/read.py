"""The front end of the language: a file becomes loads, rules, gates and located problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.frontends.language.load_reader import read_load
from dpone_compiler.frontends.language.parser import parse
from dpone_compiler.frontends.language.policy_problems import PolicyNamedTwice
from dpone_compiler.frontends.language.policy_reader import read_gate, read_rule
from dpone_compiler.frontends.language.problems import LoadNamedTwice
from dpone_compiler.ir.load import Load
from dpone_compiler.policy.model import Gate, Rule
from dpone_compiler.source.text import SourceFile, Span


@dataclass(frozen=True, slots=True)
class LanguageUnit:
    """What one file defines, in the order it was written."""

    loads: tuple[Load, ...] = ()
    rules: tuple[Rule, ...] = ()
    gates: tuple[Gate, ...] = ()


def read_language(file: SourceFile) -> tuple[LanguageUnit, Diagnostics]:
    """Read a file of the language. What could not be read is left out and has a problem."""
    statements, problems = parse(file)
    loads: list[Load] = []
    rules: list[Rule] = []
    gates: list[Gate] = []
    found = list(problems)
    for statement in statements:
        diagnostics: Diagnostics
        match str(statement.data):
            case "load":
                load, diagnostics = read_load(statement, file.name)
                loads += [load] if load else []
            case "rule":
                rule, diagnostics = read_rule(statement, file.name)
                rules.append(rule)
            case _:
                gate, diagnostics = read_gate(statement, file.name)
                gates.append(gate)
        found += diagnostics
    found += _twice("load", ((load.name, load.origin.at("name")) for load in loads))
    found += _twice("rule", ((rule.name, rule.span) for rule in rules))
    found += _twice("gate", ((gate.name, gate.span) for gate in gates))
    return LanguageUnit(tuple(loads), tuple(rules), tuple(gates)), tuple(sorted(found, key=_position))


def _twice(kind: str, named: Iterable[tuple[str, Span | None]]) -> Iterable[Diagnostic]:
    first: dict[str, Span | None] = {}
    for name, span in named:
        if name in first:
            where = first[name]
            at = f"{where.line}:{where.column}" if where else "the top"
            problem = LoadNamedTwice(name, at) if kind == "load" else PolicyNamedTwice(kind, name, at)
            yield Diagnostic(problem, span, name if kind == "load" else "")
        first.setdefault(name, span)


def _position(diagnostic: Diagnostic) -> tuple[int, int]:
    span = diagnostic.span
    return (span.line, span.column) if span else (0, 0)
