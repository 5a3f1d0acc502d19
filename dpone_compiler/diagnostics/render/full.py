"""The rendering for people: the message, the line it is about with a marker under the place, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.diagnostics.render.excerpt import excerpt, printable
from dpone_compiler.source.text import SourceFile

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[1;34m"
_COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: "\x1b[1;36m"}


def render(diagnostics: Diagnostics, files: Mapping[str, SourceFile], *, color: bool = False) -> str:
    """Every diagnostic as a block, then one line that counts them. '' when there is none."""
    if not diagnostics:
        return ""
    blocks = [_block(diagnostic, files, color) for diagnostic in diagnostics]
    return "\n\n".join((*blocks, summary(diagnostics))) + "\n"


def summary(diagnostics: Diagnostics) -> str:
    """`2 errors, 1 warning`; the severities that do not occur are left out."""
    counts = ((severity.value, sum(d.severity is severity for d in diagnostics)) for severity in Severity)
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts if count)


def _block(diagnostic: Diagnostic, files: Mapping[str, SourceFile], color: bool) -> str:
    def paint(text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if color else text

    style = _COLORS[diagnostic.severity]
    title = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", style)
    lines = [f"{title}{paint(': ' + printable(diagnostic.problem.message()), _BOLD)}"]
    margin = " "
    if (span := diagnostic.span) is not None:
        margin = " " * len(str(span.line))
        lines.append(f"{margin}{paint('-->', _DIM)} {printable(str(span))}")
        text = files[span.file].excerpt(span) if span.file in files else ""
        if text:
            shown, marks = excerpt(text, span)
            bar = paint("|", _DIM)
            lines += [
                f"{margin} {bar}",
                f"{paint(str(span.line), _DIM)} {bar} {shown}".rstrip(),
                f"{margin} {bar} {paint(marks, style)}",
            ]
    if advice := diagnostic.problem.help():
        lines.append(f"{margin} {paint('=', _DIM)} help: {printable(advice)}")
    if diagnostic.load:
        lines.append(f"{margin} {paint('=', _DIM)} load: {printable(diagnostic.load)}")
    return "\n".join(lines)
