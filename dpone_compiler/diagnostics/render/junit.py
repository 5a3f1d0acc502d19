"""JUnit XML, as CI servers read it: a file without errors is a passed case, an error is a failed one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.source.text import SourceFile

# Characters that XML 1.0 cannot hold, not even escaped (w3.org/TR/xml/#charsets).
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(diagnostics: Diagnostics, files: Mapping[str, SourceFile]) -> str:
    """One suite: a case for every diagnostic, and one for every file that has no error."""
    failed = {d.span.file for d in diagnostics if d.severity is Severity.ERROR and d.span}
    passed = [name for name in sorted(files) if name not in failed]
    failures = sum(d.severity is Severity.ERROR for d in diagnostics)
    count = f'tests="{len(diagnostics) + len(passed)}" failures="{failures}" errors="0" skipped="0"'
    cases = [_case(diagnostic) for diagnostic in diagnostics]
    cases += [f"    <testcase classname={_attribute(name)} name={_attribute('check')}/>" for name in passed]
    body = "\n".join((f'  <testsuite name="dponec" {count}>', *cases, "  </testsuite>"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {count}>\n{body}\n</testsuites>\n'


def _case(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    file = span.file if span else diagnostic.load or "dponec"
    name = f"{diagnostic.code} at {span.line}:{span.column}" if span else diagnostic.code
    message = diagnostic.problem.message()
    text = "\n".join(part for part in (str(span or ""), message, diagnostic.problem.help()) if part)
    if diagnostic.severity is Severity.ERROR:
        inner = f"<failure type={_attribute(diagnostic.code)} message={_attribute(message)}>{_text(text)}</failure>"
    else:
        inner = f"<system-out>{_text(f'{diagnostic.severity.value}: {text}')}</system-out>"
    return f"    <testcase classname={_attribute(file)} name={_attribute(name)}>{inner}</testcase>"


def _text(text: str) -> str:
    return escape(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text))


def _attribute(text: str) -> str:
    legal = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
    return quoteattr(legal, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
