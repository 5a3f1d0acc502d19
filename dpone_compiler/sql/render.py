"""The only place where a SQL tree becomes text, and the typed frames for statements that sqlglot has no node for.

`Sql` marks text that was made here: from a tree, a quoted identifier, an escaped literal, or a frame over such pieces. A frame
refuses a plain `str` in a hole, so no manifest value can reach a statement unquoted.
"""

from __future__ import annotations

import re
from functools import cache

from sqlglot import Dialect, Generator, exp
from sqlglot.errors import ErrorLevel

from dpone_compiler.source.value import value

_HOLE = re.compile(r"<<([a-z][a-z0-9_]*)>>")


@value
class Sql:
    """A piece of SQL text in one dialect, safe to be put into a frame."""

    text: str

    def __str__(self) -> str:
        return self.text


class FrameError(TypeError):
    """A frame was filled wrongly: a bug of a backend."""


def render(tree: exp.Expression, dialect: str, *, pretty: bool = False) -> Sql:
    """The text of a tree in a dialect, identifiers quoted as the tree says. Unsupported nodes raise (sqlglot UnsupportedError)."""
    # A tree is built for the statement it is rendered into, so the generator need not copy it first (a third of its time).
    return Sql(_generator(dialect, pretty).generate(tree, copy=False))


def render_lines(tree: exp.Expression, dialect: str) -> Sql:
    """The text over several lines, where that cannot touch a line break inside a name or a literal; else in one line."""
    return render(tree, dialect, pretty=not _breaks_lines(tree))


@cache
def _generator(dialect: str, pretty: bool) -> Generator:
    """One for all trees of a process: it keeps nothing from one tree to the next."""
    return Dialect.get_or_raise(dialect).generator(pretty=pretty, comments=False, unsupported_level=ErrorLevel.RAISE)


def _breaks_lines(tree: exp.Expr) -> bool:
    """Whether a name, a literal or any other text in the tree holds a line break."""
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.Expr):
            waiting.extend(node.args.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, str) and "\n" in node:
            return True
    return False


def frame(template: str, **holes: Sql) -> Sql:
    """Fill `<<name>>` holes of a constant template with rendered pieces. Every hole must be filled, and every piece used."""
    names = set(_HOLE.findall(template))
    if names != set(holes):
        raise FrameError(f"frame holes {sorted(names)} do not match pieces {sorted(holes)}")
    for name, piece in holes.items():
        if not isinstance(piece, Sql):
            raise FrameError(f"hole {name!r} was given {type(piece).__name__}, not Sql")
    return Sql(_HOLE.sub(lambda found: holes[found.group(1)].text, template))


def join(separator: str, pieces: list[Sql] | tuple[Sql, ...]) -> Sql:
    """Pieces joined by a constant separator."""
    for piece in pieces:
        if not isinstance(piece, Sql):
            raise FrameError(f"join was given {type(piece).__name__}, not Sql")
    return Sql(separator.join(piece.text for piece in pieces))
