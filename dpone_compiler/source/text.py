"""Where something was written: a span in a named file, and the file's text for rendering excerpts."""

from __future__ import annotations

from dpone_compiler.source.value import value


@value
class Span:
    """A half-open region of a source file. Lines and columns count from 1; columns count characters, not bytes.

    `file` is the path as the user gave it (never absolute by our doing), so that diagnostics do not name a machine.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@value
class SourceFile:
    """A source text with its display name; `excerpt` gives the line a span starts on."""

    name: str
    text: str

    def excerpt(self, span: Span) -> str:
        """The text of the line on which the span starts, without its line end; '' when out of range."""
        lines = self.text.split("\n")
        return lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(lines) else ""
