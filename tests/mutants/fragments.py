"""The pieces of an emitted file that sqlglot reads: queries, statements of a DO block, conditions of its IFs.

Bodies of Postgres are frames around statements, so the frame is cut away by its words, and each piece is parsed alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

_QUERY = re.compile(r"\s*(?:SELECT|WITH|UPDATE|DELETE|INSERT)\b", re.IGNORECASE)
_WORDS = {"BEGIN", "THEN", "ELSE", "LOOP", "DECLARE"}
_HEAD = "SELECT 1 "


@dataclass(frozen=True, slots=True)
class Fragment:
    """`text[start:end]` is what `tree` says. `head`: words that were put before it to make it a whole statement."""

    start: int
    end: int
    tree: exp.Expression
    head: str = ""

    def put(self, text: str, tree: exp.Expression | None, dialect: str) -> str:
        """The text with the piece written anew; None: without it."""
        return (
            text[: self.start] + ("" if tree is None else written(tree, dialect)[len(self.head) :]) + text[self.end :]
        )


def written(tree: exp.Expression, dialect: str) -> str:
    """The SQL of a tree."""
    return tree.sql(dialect=dialect, comments=False)


def fragments(text: str, dialect: str) -> list[Fragment]:
    """Every piece that parses and, written anew, is written the same again. Others are left alone."""
    spans = ((start, start + len(text[start:end].rstrip()), head) for start, end, head in _spans(text, dialect))
    return [read for start, end, head in spans if (read := _read(text, start, end, head, dialect))]


def _read(body: str, start: int, end: int, head: str, dialect: str) -> Fragment | None:
    try:
        tree = sqlglot.parse_one(head + body[start:end], dialect=dialect)
        text = written(tree, dialect)
        again = written(sqlglot.parse_one(text, dialect=dialect), dialect)
    except SqlglotError:
        return None
    same = text == again and text.startswith(head) and not tree.find(exp.Command)
    return Fragment(start, end, tree, head) if same else None


def _spans(text: str, dialect: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, head) of each piece."""
    begin = sum(len(line) for line in _comments(text))
    if block := re.search(r"\$dponec\$(.*)\$dponec\$;?", text, re.DOTALL):
        yield from _block(text, block.start(1), block.end(1))
        begin = block.end()
    if copy := re.match(r"\s*COPY \((.*)\) TO STDOUT", text[begin:], re.DOTALL):
        yield begin + copy.start(1), begin + copy.end(1), ""
    elif dialect == "clickhouse":
        insert = re.match(r"\s*INSERT INTO[^\n]*\n(?=SELECT)", text[begin:])
        start = begin + (insert.end() if insert else 0)
        if _QUERY.match(text[start:]):
            yield start, len(text.rstrip()), ""
    else:
        for start, end in _statements(text, begin, len(text)):
            if _QUERY.match(text[start:end]):
                yield start, end, ""


def _comments(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        if not line.startswith("--"):
            return
        yield line


def _block(text: str, begin: int, end: int) -> Iterator[tuple[int, int, str]]:
    for start, stop in _statements(text, begin, end):
        piece = text[start:stop]
        if assigned := re.match(r"\w+ := \((.*)\)\s*$", piece, re.DOTALL):
            yield start + assigned.start(1), start + assigned.end(1), "" if _QUERY.match(assigned[1]) else "SELECT "
        elif condition := re.match(r"IF\s+(.*)$", piece, re.DOTALL):
            yield start + condition.start(1), stop, "SELECT "
        elif reads := re.match(r"(?:SELECT\b.*?\bINTO\s+\w+(?:,\s*\w+)*\s+|PERFORM\s+)(?=FROM\b)", piece, re.DOTALL):
            yield start + reads.end(), stop, _HEAD
        elif _QUERY.match(piece) and " INTO " not in piece.split("FROM")[0].replace("INSERT INTO", ""):
            yield start, stop, ""


def _statements(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Statements between semicolons and block words that are in no parenthesis."""
    depth, start = 0, None
    for token in _tokens(text[begin:end]):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        word = token.token_type is not TokenType.STRING and token.text.upper() in _WORDS
        if depth == 0 and (word or token.token_type is TokenType.SEMICOLON):
            if start is not None:
                yield start, begin + token.start
            start = None
        elif start is None:
            start = begin + token.start


def _tokens(text: str) -> list[Token]:
    try:
        return sqlglot.tokenize(text, read="postgres")
    except SqlglotError:
        return []
