"""One line a diagnostic, `file:line:column: code message`, as editors and grep like it."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.render.excerpt import printable
from dpone_compiler.source.text import SourceFile


def render(diagnostics: Diagnostics, files: Mapping[str, SourceFile]) -> str:
    """The lines, each with its line end; '' when there is none. `files` is not needed here."""
    return "".join(_line(diagnostic) + "\n" for diagnostic in diagnostics)


def _line(diagnostic: Diagnostic) -> str:
    where = f"{diagnostic.span}: " if diagnostic.span else ""
    advice = diagnostic.problem.help()
    tail = f" ({advice})" if advice else ""
    return printable(f"{where}{diagnostic.severity.value} {diagnostic.code} {diagnostic.problem.message()}{tail}")
