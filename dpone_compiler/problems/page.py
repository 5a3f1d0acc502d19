"""A page: what a code means, why it stops or warns, and what to do."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from dpone_compiler.diagnostics.problem import Problem

_WORD = re.compile(r"(?<!^)(?=[A-Z][a-z])")
_TO_DO = "What to do:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One code. `severity`: error | warning | note. `found_by`: compile | run | connections | introspect | bundle."""

    code: str
    title: str
    text: str
    severity: str = "error"
    found_by: str = "compile"

    def render(self) -> str:
        """The page as plain text that is Markdown as well."""
        return f"{self.code}: {self.title} ({self.severity}, found by {self.found_by})\n\n{self.text}\n"


def page_of(kind: type[Problem]) -> Page:
    """The docstring of a problem, with its advice where the docstring does not say what to do."""
    text = inspect.cleandoc(kind.__doc__ or "")
    if _TO_DO not in text and kind.advice and "{" not in kind.advice:
        text += f"\n\n{_TO_DO} {kind.advice}."
    title = _WORD.sub(" ", kind.__name__).capitalize()
    return Page(code=kind.code, title=title, text=text, severity=kind.severity.value)


def run_page(code: str, title: str, text: str, to_do: str) -> Page:
    """A code that a run, its SQL or a connection raises; it has no class."""
    return Page(code=code, title=title, text=f"{text}\n\n{_TO_DO} {to_do}", found_by="run")
