"""The front end of the language: a file becomes loads, rules, gates and located problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.frontends.language.load_reader import read_load
from dpone_compiler.frontends.language.parser import parse
from dpone_compiler.frontends.language.policy_problems import PolicyNamedTwice
from dpone_compiler.frontends.language.policy_reader import read_gate, read_rule
from dpone_compiler.frontends.load_checks import check_load, check_names
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
    """Read a file of the language. A load with an error is left out; the problems stand in the order of the text."""
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
                diagnostics = (*diagnostics, *check_load(load)) if load else diagnostics
                loads += [load] if load and not has_errors(diagnostics) else []
            case "rule":
                rule, diagnostics = read_rule(statement, file.name)
                rules.append(rule)
            case _:
                gate, diagnostics = read_gate(statement, file.name)
                gates.append(gate)
        found += diagnostics
    repeated = check_names(loads)
    bad = {diagnostic.load for diagnostic in repeated}
    found += repeated
    found += _twice("rule", ((rule.name, rule.span) for rule in rules))
    found += _twice("gate", ((gate.name, gate.span) for gate in gates))
    kept = tuple(load for load in loads if load.name not in bad)
    return LanguageUnit(kept, tuple(rules), tuple(gates)), tuple(sorted(found, key=_position))


def _twice(kind: str, named: Iterable[tuple[str, Span | None]]) -> Iterable[Diagnostic]:
    first: dict[str, Span | None] = {}
    for name, span in named:
        if name in first:
            where = first[name]
            at = f"{where.line}:{where.column}" if where else "the top"
            yield Diagnostic(PolicyNamedTwice(kind, name, at), span)
        first.setdefault(name, span)


def _position(diagnostic: Diagnostic) -> tuple[int, int]:
    span = diagnostic.span
    return (span.line, span.column) if span else (0, 0)
