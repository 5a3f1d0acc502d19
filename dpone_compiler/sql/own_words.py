"""A person's expression as statements carry it: their own tokens, strings quoted anew, columns by their stored names, no comments.

sqlglot's tree is good for judging an expression and not for writing it again: it reads `interval 'P1M'` as a minute, the T-SQL date part
`y` (day of the year) as a year, and gives functions other names. Whatever is not a string, a name or a number is copied as it
stands, and what could be read as the end of a string or as a comment is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import Dialect, Token, TokenType, exp

from dpone_compiler.ir.load import ParsedSql

# What a token may be when it is copied; `e'…'` with its backslashes: postgresql.org/docs/current/sql-syntax-lexical.html
_COPIED = {
    TokenType.NUMBER: re.compile(r"[0-9A-Za-z_.+-]+"),
    TokenType.HEX_STRING: re.compile(r"0x[0-9A-Fa-f]*|[xX]'[0-9A-Fa-f]*'"),
    TokenType.BIT_STRING: re.compile(r"[bB]'[01]*'"),
    TokenType.BYTE_STRING: re.compile(r"[eE]'(?:[^'\\]|''|\\.)*'", re.DOTALL),
    TokenType.UNICODE_STRING: re.compile(r"[uU]&'(?:[^']|'')*'"),
}
_PLAIN = re.compile(r"(?!.*(?:--|/\*|\*/))[^'\"`;\\$\[\]{}]+|[\[\]{}]", re.DOTALL)
_STRINGS = (TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.HEREDOC_STRING)


class UnwritableError(ValueError):
    """A token that cannot be copied safely; `token` says which and where."""

    def __init__(self, token: Token, text: str) -> None:
        super().__init__(text)
        self.token = token
        self.text = text


def own_words(text: str, dialect: str, columns: Mapping[int, str]) -> str:
    """The expression; `columns`: stored name by the offset at which a column is written. Raises UnwritableError."""
    written: list[str] = []
    before: Token | None = None
    for token in Dialect.get_or_raise(dialect).tokenize(text):
        if before is not None:
            written.append(_gap(before, token, text))
        written.append(_word(token, text[token.start : token.end + 1], dialect, columns))
        before = token
    return "".join(written)


def opaque(sql: ParsedSql) -> exp.Expression:
    """In parentheses, so that nothing binds into it; nobody parses it again."""
    return exp.Paren(this=exp.Var(this=sql.text))


def _gap(before: Token, token: Token, text: str) -> str:
    between = text[before.end + 1 : token.start]
    # Two strings are one where a line ends between them, and an error where none does.
    continued = "\n" in between and {before.token_type, token.token_type} <= set(_STRINGS)
    return "\n" if continued else " " if between else ""


def _word(token: Token, raw: str, dialect: str, columns: Mapping[int, str]) -> str:
    kind = token.token_type
    if token.start in columns:
        return str(exp.to_identifier(columns[token.start], quoted=True).sql(dialect=dialect))
    if kind is TokenType.IDENTIFIER:
        return str(exp.to_identifier(token.text, quoted=True).sql(dialect=dialect))
    if kind in _STRINGS:
        mark = "N" if kind is TokenType.NATIONAL_STRING else ""
        return mark + "'" + token.text.replace("'", "''") + "'"
    if _COPIED.get(kind, _PLAIN).fullmatch(raw):
        return raw
    raise UnwritableError(token, raw)
