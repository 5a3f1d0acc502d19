"""Text to syntax trees, with recovery: a statement that is not understood is reported and stepped over."""

from __future__ import annotations

import re
from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedInput

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.frontends.language.expected import describe
from dpone_compiler.frontends.language.grammar_files import grammar_text
from dpone_compiler.frontends.language.trees import Node
from dpone_compiler.source.text import SourceFile

_STATEMENT = re.compile(r"^[ \t]*(?:load|rule|gate)\b", re.MULTILINE)
_NOT_LINE_END = re.compile(r"[^\n]")
_MOST_ERRORS = 20


@cache
def grammar() -> Lark:
    """The grammar, built once a process."""
    return Lark(
        grammar_text("load.lark", "policy.lark"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        maybe_placeholders=False,
    )


def parse(file: SourceFile) -> tuple[list[Node], Diagnostics]:
    """The statements that could be read, and one problem for each that could not."""
    text, found = file.text, []
    for _ in range(_MOST_ERRORS):
        try:
            tree = grammar().parse(text)
        except UnexpectedInput as error:
            at = _offset(error, text)
            found.append(Diagnostic(*describe(error, text, at, grammar(), file.name)))
            text = _without_statement(text, at)
        else:
            return [child for child in tree.children if not isinstance(child, str)], tuple(found)
    return [], tuple(found)


def _offset(error: UnexpectedInput, text: str) -> int:
    # At the end of the text lark points at the last token; the problem is what is missing after it.
    at_end = getattr(getattr(error, "token", None), "type", "") == "$END" or error.pos_in_stream is None
    return len(text.rstrip()) if at_end else error.pos_in_stream or 0


def _without_statement(text: str, at: int) -> str:
    """The text with the statement around an offset blanked; line ends stay, so later positions stay true."""
    starts = [found.start() for found in _STATEMENT.finditer(text)]
    begin = max((start for start in starts if start <= at), default=0)
    end = min((start for start in starts if start > at), default=len(text))
    if text[begin:end].isspace() or begin == end:
        begin, end = 0, len(text)
    return text[:begin] + _NOT_LINE_END.sub(" ", text[begin:end]) + text[end:]
