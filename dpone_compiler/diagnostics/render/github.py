"""Workflow commands of GitHub Actions: a diagnostic becomes an annotation at its line of the pull request.

docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.diagnostics.render.excerpt import printable
from dpone_compiler.source.text import SourceFile

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(diagnostics: Diagnostics, files: Mapping[str, SourceFile]) -> str:
    """One command a line; '' when there is none. `files` is not needed here."""
    return "".join(_command(diagnostic) + "\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties: list[tuple[str, object]] = []
    if (span := diagnostic.span) is not None:
        properties += [("file", span.file), ("line", span.line), ("endLine", span.end_line), ("col", span.column)]
        if span.end_line == span.line:  # the column of the end is not allowed for several lines
            properties.append(("endColumn", max(span.column, span.end_column - 1)))
    properties.append(("title", diagnostic.code))
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties)
    advice = diagnostic.problem.help()
    message = diagnostic.problem.message() + (f"\n{advice}" if advice else "")
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(message)}"


# The toolkit escapes exactly these (actions/toolkit, packages/core/src/command.ts).
def _data(text: str) -> str:
    lines = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
