"""A line of source with a marker under the place, safe for a terminal and aligned for wide characters."""

from __future__ import annotations

import unicodedata

from dpone_compiler.source.text import Span

WIDTH = 120
_TAB = "    "


def excerpt(line: str, span: Span) -> tuple[str, str]:
    """The line as shown, and the carets below it. A long line is cut around the place."""
    begin = min(max(span.column - 1, 0), len(line))
    end = len(line) if span.end_line > span.line else min(max(span.end_column - 1, begin), len(line))
    first = max(0, min(begin - WIDTH // 3, len(line) - WIDTH))
    last = min(len(line), first + WIDTH)
    before = ("…" if first else "") + _shown(line[first:begin])
    marked = _shown(line[begin : min(end, last)])
    after = _shown(line[min(end, last) : last]) + ("…" if last < len(line) else "")
    return before + marked + after, " " * _columns(before) + "^" * max(1, _columns(marked.rstrip()))


def printable(text: str) -> str:
    """Text on one line that cannot steer a terminal: control characters are shown as U+FFFD."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def _columns(text: str) -> int:
    """How many cells of a terminal a text takes: combining marks none, East Asian wide characters two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
