"""Diagnostics as one JSON document for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.source.text import SourceFile, Span

FORMAT = "dponec.diagnostics/1"


def render(diagnostics: Diagnostics, files: Mapping[str, SourceFile]) -> str:
    """The document. Pure ASCII, so that no console encoding can break it. `files` is not needed here."""
    document = {
        "format": FORMAT,
        "diagnostics": [as_object(diagnostic) for diagnostic in diagnostics],
        "summary": {severity.value: sum(d.severity is severity for d in diagnostics) for severity in Severity},
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def as_object(diagnostic: Diagnostic) -> dict[str, object]:
    """One diagnostic as plain values, for documents that hold diagnostics among other things."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.problem.message(),
        "help": diagnostic.problem.help(),
        "load": diagnostic.load,
        "location": _location(diagnostic.span) if diagnostic.span else None,
    }


def _location(span: Span) -> dict[str, object]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
