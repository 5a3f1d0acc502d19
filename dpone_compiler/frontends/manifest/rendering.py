"""Renders the templates in a tree; a rendered text keeps the place of its template."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.frontends.manifest.tree import Block, Entry, Items, Node, Scalar, plain
from dpone_compiler.frontends.problems import TemplateFailed

_PASSES = 5  # variables may use other variables; more passes than this mean a circle


MARKS = ("{{", "{%")


def _render(text: str, values: Mapping[str, object]) -> tuple[str, str]:
    """The rendered text and the fault. Jinja is imported for the first text with marks: most manifests have none."""
    rendered: tuple[str, str] = import_module("dpone_compiler.frontends.manifest.templates").render(text, values)
    return rendered


class Renderer:
    """Renders the tree of one table with its variables, and collects what cannot be rendered."""

    def __init__(self, variables: Block, built_in: Mapping[str, str]) -> None:
        self.found: list[Diagnostic] = []
        self._values: dict[str, object] = dict(built_in)
        self._resolve(variables, built_in)

    def render(self, process: Block) -> Node:
        """The tree with every template rendered; templates may also read other keys: `{{ sink.strategy.mode }}`."""
        values = {**{key: plain(entry.node) for key, entry in process.entries.items()}, **self._values}
        return self._node(process, values)

    def _resolve(self, variables: Block, built_in: Mapping[str, str]) -> None:
        open_nodes: dict[str, Node] = {}
        for key, entry in variables.entries.items():
            if key in built_in:
                detail = f"{key} is always the table's own and cannot be set"
                self.found.append(Diagnostic(TemplateFailed(detail), entry.key_span))
            else:
                open_nodes[key] = entry.node
        self._values.update({key: plain(node) for key, node in open_nodes.items() if not _open(node)})
        open_nodes = {key: node for key, node in open_nodes.items() if _open(node)}
        for last in (False,) * (_PASSES - 1) + (True,):
            for key, node in list(open_nodes.items()):
                found = list(self.found)
                done = self._node(node, self._values)
                if self.found == found and not _open(done):
                    self._values[key] = plain(done)
                    del open_nodes[key]
                elif not last:
                    self.found = found
            if not open_nodes:
                return
        if not self.found:
            detail = "the variables " + ", ".join(sorted(open_nodes)) + " refer to each other"
            self.found.append(Diagnostic(TemplateFailed(detail), next(iter(open_nodes.values())).span))

    def _node(self, node: Node, values: Mapping[str, object]) -> Node:
        match node:
            case Items():
                return Items(tuple(self._node(item, values) for item in node.items), node.span)
            case Block():
                entries = {k: Entry(e.key_span, self._node(e.node, values)) for k, e in node.entries.items()}
                return Block(entries, node.span)
            case Scalar(value=str() as text) if any(mark in text for mark in MARKS):
                rendered, fault = _render(text, values)
                if fault:
                    self.found.append(Diagnostic(TemplateFailed(fault), node.span))
                    return node
                return Scalar(rendered, rendered, node.span)
            case Scalar():
                return node


def _open(node: Node) -> bool:
    """True when a template is left in it."""
    match node:
        case Scalar():
            return isinstance(node.value, str) and any(mark in node.value for mark in MARKS)
        case Items():
            return any(_open(item) for item in node.items)
        case Block():
            return any(_open(entry.node) for entry in node.entries.values())
