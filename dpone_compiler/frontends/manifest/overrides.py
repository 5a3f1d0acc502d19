"""`--set path=value`: laid on the tree before anything else looks at it, so that it obeys the same rules."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.manifest.scalars import resolve
from dpone_compiler.frontends.manifest.tree import Block, Entry, Items, Node, Scalar, text_of
from dpone_compiler.frontends.manifest.yaml_tree import MAX_DEPTH, read_tree
from dpone_compiler.frontends.problems import UnknownOverride
from dpone_compiler.source.text import SourceFile, Span

# The file name in spans of values that came from the command line.
PREFIX = "--set "


class _NoSuchPlace(Exception):
    """The path leads nowhere; never leaves this module."""

    def __init__(self, hint: str) -> None:
        self.hint = hint


def apply(root: Node, overrides: Mapping[str, str]) -> tuple[Node, Diagnostics]:
    """The tree with every override set, in order. Mappings on the way are made; items of lists must be there."""
    found: list[Diagnostic] = []
    for path, text in overrides.items():
        value, problems = _value(path, text)
        found.extend(problems)
        if value is None:
            continue
        try:
            root = _set(root, _steps(path), value)
        except _NoSuchPlace as error:
            found.append(Diagnostic(UnknownOverride(path, error.hint), None))
    return root, tuple(found)


def _value(path: str, text: str) -> tuple[Node | None, Diagnostics]:
    """A list, a mapping and a quoted text are read as YAML; anything else is one scalar, even with `: ` in it."""
    if text[:1] in ("[", "{", '"', "'"):
        return read_tree(SourceFile(PREFIX + path, text))
    return Scalar(resolve(text), text, Span(PREFIX + path, 1, 1, 1, len(text) + 1)), ()


def _steps(path: str) -> list[str]:
    steps = path.split(".")
    if len(steps) > MAX_DEPTH:
        raise _NoSuchPlace("no manifest nests that deep")
    return steps


def _set(node: Node, steps: list[str], value: Node) -> Node:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if not step:
        raise _NoSuchPlace("write keys with dots between them")
    if isinstance(node, Items):
        index = _index(node, step)
        changed = _set(node.items[index], rest, value)
        return Items((*node.items[:index], changed, *node.items[index + 1 :]), node.span)
    if isinstance(node, Block):
        below = node.entries.get(step)
        inner = below.node if below else Block({}, value.span)
        return node.with_entry(step, Entry(below.key_span if below else value.span, _set(inner, rest, value)))
    if isinstance(node, Scalar) and node.value is None:
        return _set(Block({}, value.span), steps, value)
    raise _NoSuchPlace(f"there is a value above {step!r}, not a mapping")


def _index(node: Items, step: str) -> int:
    if step.isascii() and step.isdigit() and int(step[:9]) < len(node.items):
        return int(step[:9])
    names = [text_of(item.get("name") or item.get("table")) if isinstance(item, Block) else None for item in node.items]
    if step in names:
        return names.index(step)
    raise _NoSuchPlace(did_you_mean(step, [name for name in names if name]) if any(names) else "the list is shorter")
