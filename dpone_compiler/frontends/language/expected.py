"""A parse error in words: what was found, what may stand there, and the nearest word that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import nearest
from dpone_compiler.frontends.language.problems import SyntaxNotUnderstood, UnclosedText
from dpone_compiler.source.text import Span

_FOUND = re.compile(r"\w+|\S")
_TERMINALS: Mapping[str, str] = MappingProxyType(
    {
        "NAME": "a name",
        "QUOTED": 'text in "…"',
        "INT": "a whole number",
        "DECIMAL": "a number",
        "OPERATOR": "a comparison",
        "SQL": "SQL",
        "DOLLAR_SQL": "SQL between $$ and $$",
        "$END": "the end of the file",
    }
)
_STATEMENTS = frozenset({"load", "rule", "gate"})
_SOME_CLAUSES = frozenset({"from", "into", "key", "strategy", "staging", "depends"})


def describe(error: UnexpectedInput, text: str, at: int, grammar: Lark, file: str) -> tuple[Problem, Span]:
    """The problem and the span of the word it was found at."""
    found = _FOUND.match(text, at)
    shown = found[0] if found else ""
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    span = Span(file, line, column, line, column + max(1, len(shown)))
    if shown in ('"', "'"):
        return UnclosedText(shown), span
    words, kinds = _allowed(error, grammar)
    near = nearest(shown, words) if shown else None
    suggestion = f"did you mean `{near}`?" if near and near != shown else ""
    return SyntaxNotUnderstood(
        f"`{shown}`" if shown else "the end of the file", _listed(words, kinds), suggestion
    ), span


def _allowed(error: UnexpectedInput, grammar: Lark) -> tuple[set[str], set[str]]:
    """Keywords and signs that may stand here, and the kinds of words that may."""
    names: Iterable[str] = ()
    if isinstance(error, UnexpectedToken):
        names = error.expected
    elif isinstance(error, UnexpectedCharacters):
        names = error.allowed or ()
    patterns = {terminal.name: terminal.pattern for terminal in grammar.terminals}
    words, kinds = set(), set()
    for name in names:
        pattern = patterns.get(name)
        if name in _TERMINALS:
            kinds.add(_TERMINALS[name])
        elif isinstance(pattern, PatternStr):
            words.add(pattern.value)
    return words, kinds


def _listed(words: set[str], kinds: set[str]) -> str:
    shown = sorted(kinds)
    rest = set(words)
    if rest >= _SOME_CLAUSES:
        shown.append("a clause (`from`, `into`, `key`, `strategy` …)")
        rest = {word for word in rest if not word.isalpha()}
    if rest >= _STATEMENTS:
        shown.append("`load`, `rule` or `gate`")
        rest -= _STATEMENTS
    shown += [f"`{word}`" for word in sorted(rest)]
    if not shown:
        return "something else"
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]
