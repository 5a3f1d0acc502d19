"""Invariants 2, 3 and 11: three forms of a load are three sets of frozen types, and nobody knows a built-in plug-in by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.modules import PACKAGE, Module, listed, modules

FROZEN = ("source", "expr", "ir", "plan", "artifacts", "spi", "policy")
FORMS = ("frontends", "ir", "plan")
# Kinds of classes that hold no values of their own.
OTHER = frozenset(
    {
        "Enum",
        "StrEnum",
        "IntEnum",
        "Protocol",
        "Exception",
        "RuntimeError",
        "ValueError",
        "TypeError",
        "KeyError",
        "NamedTuple",
    }
)
# What builds a value step by step, and never is a part of one.
BUILDERS = frozenset({"Sequence"})
PLUGINS = ("backends", "strategies", "native")


def _classes(*layers: str) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in modules():
        if module.layer in layers:
            yield from ((module, node) for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))


def _words(node: ast.expr) -> set[str]:
    return set(ast.unparse(node).replace("[", ".").replace("]", "").split("."))


def _freezes(decorator: ast.expr) -> bool:
    text = ast.unparse(decorator)
    # source/value.py makes frozen dataclasses too.
    return "frozen=True" in text or text.partition("(")[0] == "value"


def test_values_are_frozen() -> None:
    wrong = [
        f"{module.at(node.lineno)} {node.name}"
        for module, node in _classes(*FROZEN)
        if not any(OTHER & _words(base) for base in node.bases)
        if not node.name.startswith("_")
        and node.name not in BUILDERS
        and not any(_freezes(each) for each in node.decorator_list)
    ]
    assert not wrong, listed(wrong)


def test_no_node_serves_two_forms() -> None:
    """A class of the plan extends nothing of the IR or of a front end, and so on round the three."""
    owners = {node.name: module.layer for module, node in _classes(*FORMS)}
    wrong = [
        f"{module.at(node.lineno)} {node.name} extends {name} of {owners[name]}"
        for module, node in _classes(*FORMS)
        for base in node.bases
        for name in _words(base)
        if name in owners and owners[name] != module.layer
    ]
    assert not wrong, listed(wrong)


def test_no_plug_in_is_known_by_name() -> None:
    """Backends, strategies and native paths are reached through the registry; only their own folders import them."""
    wrong = [
        f"{module.at(found.line)} imports {found.name}"
        for module in modules()
        for found in module.imports
        for layer in PLUGINS
        if found.reaches(f"{PACKAGE}.{layer}") and module.layer != layer
    ]
    assert not wrong, listed(wrong)
