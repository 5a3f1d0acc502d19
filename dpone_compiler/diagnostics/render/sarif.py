"""SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0): what code scanning services read."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from urllib.parse import quote

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.source.text import SourceFile, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(diagnostics: Diagnostics, files: Mapping[str, SourceFile]) -> str:
    """One run with the rules that occur, in order of code."""
    classes = {d.code: type(d.problem) for d in diagnostics}
    codes = sorted(classes)
    run = {
        "tool": {"driver": {"name": "dponec", "rules": [_rule(classes[code]) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(name)}} for name in sorted(files)],
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, sort_keys=True) + "\n"


def _rule(problem: type[Problem]) -> dict[str, object]:
    page = inspect.cleandoc(problem.__doc__ or problem.__name__)
    return {
        "id": problem.code,
        "name": problem.__name__,
        "shortDescription": {"text": page.split("\n\n", 1)[0].replace("\n", " ")},
        "fullDescription": {"text": page},
        "defaultConfiguration": {"level": problem.severity.value},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, object]:
    advice = diagnostic.problem.help()
    text = diagnostic.problem.message() + (f" ({advice})" if advice else "")
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": text},
    }
    if diagnostic.span is not None:
        result["locations"] = [_location(diagnostic.span)]
    return result


def _location(span: Span) -> dict[str, object]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": max(span.line, span.end_line),
        "endColumn": max(1, span.end_column),
    }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.file)}, "region": region}}


def _uri(name: str) -> str:
    return quote(name.replace("\\", "/"), safe="/", errors="replace")
