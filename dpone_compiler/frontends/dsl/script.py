"""The script that is running: which loads it has finished, and where in its text a builder call stands."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FrameType

from dpone_compiler.ir.load import Load
from dpone_compiler.source.text import SourceFile, Span


@dataclass(slots=True)
class Script:
    """Mutable on purpose: what builder calls report to while the script runs."""

    file: SourceFile
    calls: Mapping[tuple[int, int], ast.Call]
    lines: list[bytes]
    loads: list[Load] = field(default_factory=list)
    begun: dict[object, tuple[str, Span | None]] = field(default_factory=dict)

    def here(self, argument: str = "") -> Span | None:
        """The span of the innermost builder call of the script, or of one of its arguments (a position or a keyword)."""
        frame = self._frame()
        return None if frame is None else self.span_at(frame.f_code, frame.f_lasti, frame.f_lineno, argument)

    def span_at(self, code: CodeType, instruction: int, line_number: int, argument: str = "") -> Span:
        """The span of the call that an instruction of the script makes."""
        # Columns are absent when Python runs with -X no_debug_ranges.
        line, end_line, column, end_column = next(islice(code.co_positions(), instruction // 2, None))
        if line is None or end_line is None or column is None or end_column is None:
            return Span(self.file.name, line_number, 1, line_number, 1)
        call = self.calls.get((end_line, end_column))
        if call is None:
            return self._span(line, column, end_line, end_column)
        return self._of(call, argument)

    def _frame(self) -> FrameType | None:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self.file.name:
            frame = frame.f_back
        return frame

    def _of(self, call: ast.Call, argument: str) -> Span:
        node: ast.expr | None = next((k.value for k in call.keywords if k.arg == argument), None)
        if node is None and argument.isdigit():
            node = call.args[int(argument)] if int(argument) < len(call.args) else None
        if node is not None and not isinstance(node, ast.Starred):
            return self._span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        line, column = call.lineno, call.col_offset
        function = call.func
        if isinstance(function, ast.Attribute) and function.end_lineno and function.end_col_offset:
            # Of a chain `a.b().c()` the call of c begins at a for Python; for a reader it begins at c.
            line, column = function.end_lineno, function.end_col_offset - len(function.attr.encode())
        return self._span(line, column, call.end_lineno, call.end_col_offset)

    def _span(self, line: int, column: int, end_line: int | None, end_column: int | None) -> Span:
        last, end = end_line or line, column if end_column is None else end_column
        return Span(self.file.name, line, self._character(line, column), last, self._character(last, end))

    def _character(self, line: int, offset: int) -> int:
        # Python counts bytes of UTF-8, spans count characters.
        return len(self.lines[line - 1][:offset].decode(errors="replace")) + 1 if line <= len(self.lines) else 1


RUNNING: ContextVar[Script | None] = ContextVar("dponec_running_script", default=None)


def place(argument: str = "") -> Span | None:
    """Where the running script calls us; None outside `read_dsl`."""
    script = RUNNING.get()
    return script.here(argument) if script else None


def calls_of(tree: ast.Module) -> dict[tuple[int, int], ast.Call]:
    """Every call by where it ends, which is unique since each ends with its own parenthesis."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {(call.end_lineno or 0, call.end_col_offset or 0): call for call in found}
