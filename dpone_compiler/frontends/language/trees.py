"""Reading lark's trees: words, quoted texts and spans. Nothing above this module touches lark's positions."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token, Tree

from dpone_compiler.source.text import Span

Node = Tree[Token]


def span_of(node: Node | Token, file: str) -> Span:
    """Where a node or token stands."""
    where = node if isinstance(node, Token) else node.meta
    # Lark sets all four on every token and on every tree with a token inside; `start` alone may be empty.
    line, column = where.line or 1, where.column or 1
    return Span(file, line, column, where.end_line or line, where.end_column or column)


def subtrees(node: Node, *names: str) -> list[Node]:
    """The direct subtrees of those names, in order; all direct subtrees when no name is given."""
    return [c for c in node.children if isinstance(c, Tree) and (not names or c.data in names)]


def subtree(node: Node, name: str) -> Node | None:
    """The first direct subtree of that name, or None."""
    return next(iter(subtrees(node, name)), None)


def tokens(node: Node) -> Iterator[Token]:
    """The direct tokens of a node."""
    return (c for c in node.children if isinstance(c, Token))


def names(node: Node) -> list[Token]:
    """The direct names of a node, in order."""
    return [token for token in tokens(node) if token.type == "NAME"]


def texts(node: Node) -> list[Token]:
    """The direct quoted texts of a node, in order."""
    return [token for token in tokens(node) if token.type == "QUOTED"]


def word(token: Token) -> str:
    """A name or text as it was meant: unquoted, doubled quotes made single."""
    return token[1:-1].replace('""', '"') if token.startswith('"') else str(token)


def quantity(node: Node) -> str:
    """The text of a quantity, its tokens joined: `10 minutes`, `5%`."""
    return " ".join(word(token) for token in tokens(node)).replace(" %", "%")
