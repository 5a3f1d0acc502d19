"""Reading of ClickHouse type names: a small parser, because a type name goes back into DDL and must never be pasted."""

from __future__ import annotations

import re

from dpone_compiler.source.value import value
from dpone_compiler.sql.clickhouse_names import ident, literal
from dpone_compiler.sql.render import Sql, frame, join

_TOKEN = re.compile(
    r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(-?\d+)|'((?:[^'\\]|\\.|'')*)'|(`(?:[^`\\]|\\.)*`)|(.))", re.DOTALL
)
_UNESCAPE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}


@value
class Native:
    """A parsed type: `name` and its arguments (types, numbers, strings, or `name type` / `'name' = n` pairs)."""

    name: str
    args: tuple[Native | int | str | tuple[str, Native] | tuple[str, int], ...] = ()


class _Unreadable(ValueError):
    """The text is not a type name of the known grammar."""


def parse_native(text: str) -> Native | None:
    """The parsed type, or None when the text is no type name that we know how to write back."""
    tokens = list(_TOKEN.finditer(text.strip()))
    try:
        parsed, at = _type(tokens, 0)
    except (_Unreadable, IndexError):
        return None
    return parsed if at == len(tokens) else None


def native_sql(text: str) -> Sql | None:
    """The type written back in canonical form, or None."""
    parsed = parse_native(text)
    return None if parsed is None else write_native(parsed)


def unescaped(text: str) -> str:
    """Inside of a quoted text without its escapes."""
    return re.sub(
        r"\\x([0-9A-Fa-f]{2})|\\(.)|''",
        lambda m: chr(int(m[1], 16)) if m[1] else _UNESCAPE.get(m[2], m[2]) if m[2] else "'",
        text,
        flags=re.DOTALL,
    )


def _type(tokens: list[re.Match[str]], at: int) -> tuple[Native, int]:
    name = tokens[at][1]
    if not name:
        raise _Unreadable
    at += 1
    if at >= len(tokens) or tokens[at][5] != "(":
        return Native(name), at
    args: list[Native | int | str | tuple[str, Native] | tuple[str, int]] = []
    at += 1
    while tokens[at][5] != ")":
        if args:
            if tokens[at][5] != ",":
                raise _Unreadable
            at += 1
        arg, at = _argument(tokens, at)
        args.append(arg)
    return Native(name, tuple(args)), at + 1


def _argument(
    tokens: list[re.Match[str]], at: int
) -> tuple[Native | int | str | tuple[str, Native] | tuple[str, int], int]:
    word, digits, quoted, backquoted = tokens[at].group(1, 2, 3, 4)
    if digits:
        return int(digits), at + 1
    if quoted is not None:
        if tokens[at + 1][5] == "=":
            return (unescaped(quoted), int(tokens[at + 2][2] or _fail())), at + 3
        return unescaped(quoted), at + 1
    if backquoted:
        inner, at = _type(tokens, at + 1)
        return (unescaped(backquoted[1:-1]), inner), at
    if word and tokens[at + 1][1]:
        inner, at = _type(tokens, at + 1)
        return (word, inner), at
    return _type(tokens, at)


def _fail() -> str:
    raise _Unreadable


def write_native(parsed: Native) -> Sql:
    """A parsed type in canonical form."""
    if not parsed.args:
        return Sql(parsed.name)
    return frame(
        "<<name>>(<<args>>)", name=Sql(parsed.name), args=join(", ", [_write_argument(a) for a in parsed.args])
    )


def _write_argument(arg: Native | int | str | tuple[str, Native] | tuple[str, int]) -> Sql:
    match arg:
        case Native():
            return write_native(arg)
        case int():
            return Sql(str(arg))
        case str():
            return literal(arg)
        case (str() as name, int() as value):
            return frame("<<name>> = <<value>>", name=literal(name), value=Sql(str(value)))
        case (str() as name, Native() as inner):
            return frame("<<name>> <<type>>", name=ident(name), type=write_native(inner))
    raise TypeError(arg)
