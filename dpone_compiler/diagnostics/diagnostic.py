"""A diagnostic is a problem at a place; a report is an ordered, frozen list of them."""

from __future__ import annotations

from collections.abc import Iterable

from dpone_compiler.diagnostics.problem import Problem, Severity
from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value


@value
class Diagnostic:
    """One problem with the span it was found at (None: it concerns the whole file) and the load it concerns."""

    problem: Problem
    span: Span | None
    load: str = ""

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def severity(self) -> Severity:
        return self.problem.severity


Diagnostics = tuple[Diagnostic, ...]


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """True when at least one diagnostic stops the compile."""
    return any(d.severity is Severity.ERROR for d in diagnostics)
