"""The tree of a manifest before validation: plain values that know where they were written. Nodes never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value as frozen

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]


@frozen
class Scalar:
    """A single value. `text` is what was written, without quotes."""

    value: bool | int | float | str | None
    text: str
    span: Span


@frozen
class Items:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@frozen
class Entry:
    """A key of a mapping: where the key stands, and its value."""

    key_span: Span
    node: Node


@frozen
class Block:
    """A mapping, in the order in which it was written."""

    entries: Mapping[str, Entry]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value of a key; None when the key is absent or its value is null."""
        entry = self.entries.get(key)
        return None if entry is None or is_null(entry.node) else entry.node

    def with_entry(self, key: str, entry: Entry) -> Block:
        """The same mapping with one key set."""
        return Block({**self.entries, key: entry}, self.span)

    def without(self, *keys: str) -> Block:
        """The same mapping without some keys."""
        return Block({key: entry for key, entry in self.entries.items() if key not in keys}, self.span)


Node = Scalar | Items | Block


def is_null(node: Node) -> bool:
    """True for a null, which everywhere means: not given."""
    return isinstance(node, Scalar) and node.value is None


def plain(node: Node) -> Plain:
    """The value without its places."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Block():
            return {key: plain(entry.node) for key, entry in node.entries.items()}


def text_of(node: Node | None) -> str | None:
    """The text of a text scalar, else None."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def child(node: Node, step: str | int) -> Node | None:
    """One step down, or None."""
    if isinstance(node, Block) and isinstance(step, str):
        entry = node.entries.get(step)
        return entry.node if entry else None
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def find(node: Node, path: Iterable[str | int]) -> Node | None:
    """The node at a path, or None."""
    current: Node | None = node
    for step in path:
        if current is None:
            return None
        current = child(current, step)
    return current


def place(root: Node, path: Sequence[str | int], *, key: bool = False) -> Span:
    """Where a path was written, or its nearest enclosing path that was written.

    A value on one line is its own place; one over several lines is shown by its key, and so is any path when `key`.
    """
    span = start(root)
    node = root
    for depth, step in enumerate(path, 1):
        below = child(node, step)
        if below is None:
            return span
        if isinstance(node, Block) and isinstance(step, str):
            key_span = node.entries[step].key_span
            short = below.span.line == below.span.end_line and not is_null(below)
            span = below.span if short and not (key and depth == len(path)) else key_span
        else:
            span = start(below)
        node = below
    return span


def start(node: Node) -> Span:
    """The first line of a node: of a mapping over several lines only its first key."""
    if isinstance(node, Block) and node.span.line != node.span.end_line and node.entries:
        return next(iter(node.entries.values())).key_span
    if isinstance(node, Items) and node.span.line != node.span.end_line and node.items:
        return start(node.items[0])
    return node.span


def merge(base: Node, over: Node, appending: frozenset[str] = frozenset()) -> Node:
    """`over` laid on `base`: mappings merge key by key, everything else replaces; keys of `appending` join their lists."""
    if not isinstance(base, Block) or not isinstance(over, Block):
        return over
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        below = entries.get(key)
        if below is None:
            entries[key] = entry
        elif key in appending and isinstance(below.node, Items) and isinstance(entry.node, Items):
            entries[key] = Entry(entry.key_span, Items(below.node.items + entry.node.items, entry.node.span))
        else:
            entries[key] = Entry(entry.key_span, merge(below.node, entry.node))
    return Block(entries, over.span)
