"""One way, a pure core, and each third-party parser in its place."""

from __future__ import annotations

import ast

from tests.architecture.modules import PACKAGE, Import, Module, listed, modules, ranks

PURE = frozenset({
    "source", "diagnostics", "expr", "ir", "plan", "script", "artifacts", "spi", "policy", "passes", "planning",
    "strategies", "optimizer",
})  # fmt: skip
IMPURE = ("os", "subprocess", "socket", "random", "secrets", "tempfile", "shutil", "lark", "yaml", "sqlglot", "jinja2")
CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"})
# Where a third-party parser or printer may be imported.
PLACES = {
    "sqlglot": ("sql", "backends", "native"),
    "jinja2": (),  # frames have no loops, so none of them needs it: docs/adr/0002
    "lark": ("frontends",),
    "yaml": ("frontends",),
}
ALSO = {
    ("yaml", "runtime.connections"),  # a connection file is YAML, and only the runtime reads it
    ("jinja2", "frontends.manifest.templates"),  # manifests of dpone are templates themselves
}
SIBLINGS = ("backends", "strategies", "passes", "native")
# What the siblings of one folder share: its problems.
SHARED = ("problems",)
LAZY = ("cli", "demo", "installed", "registry", "embedded")


def _own(found: Import) -> list[str]:
    parts = found.name.split(".")
    return parts[1:] if parts[0] == PACKAGE and len(parts) > 1 else []


def test_every_part_has_its_place_on_the_street() -> None:
    parts = {module.layer for module in modules() if module.layer and module.layer != "__init__"}
    assert sorted(parts - ranks().keys()) == []


def test_no_module_imports_a_later_stage_or_a_sibling() -> None:
    wrong = [
        f"{module.at(found.line)} ({module.layer}) imports {found.name}"
        for module in modules()
        for found in module.imports
        if module.layer and (own := _own(found)) and own[0] in ranks() and own[0] != module.layer
        if ranks()[own[0]] >= ranks().get(module.layer, 0)
    ]
    assert not wrong, listed(wrong)


def test_backends_strategies_passes_and_native_paths_know_no_sibling() -> None:
    wrong = [
        f"{module.at(found.line)} imports {found.name}"
        for module in modules()
        for found in module.imports
        if module.layer in SIBLINGS and (own := _own(found)) and len(own) > 1 and own[0] == module.layer
        if module.name.split(".")[2:3] not in ([], own[1:2]) and own[1] not in SHARED
    ]
    assert not wrong, listed(wrong)


def test_runtime_reads_documents_only() -> None:
    wrong = [
        f"{module.at(found.line)} imports {found.name}"
        for module in modules()
        for found in module.imports
        if module.layer == "runtime" and _own(found)[:1] in (["plan"], ["ir"], ["spi"], ["expr"], ["sql"])
    ]
    assert not wrong, listed(wrong)


def test_the_core_is_pure() -> None:
    wrong = [
        f"{module.at(found.line)} imports {found.name}"
        for module in modules()
        for found in module.imports
        if module.layer in PURE and any(found.reaches(name) for name in IMPURE)
    ]
    wrong += [
        f"{module.at(node.lineno)} reads the world: {ast.unparse(node)}"
        for module in modules()
        if module.layer in PURE
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _reads_the_world(node)
    ]
    assert not wrong, listed(wrong)


def _reads_the_world(call: ast.Call) -> bool:
    words = ast.unparse(call.func).split(".")
    return words == ["open"] or ".".join(words[-2:]) in CLOCKS


def test_parsers_stay_in_their_places() -> None:
    wrong = [
        f"{module.at(found.line)} imports {found.name}"
        for module in modules()
        for found in module.imports
        for library, places in PLACES.items()
        if found.reaches(library) and module.layer not in places and not _is_allowed(module, library)
    ]
    assert not wrong, listed(wrong)


def _is_allowed(module: Module, library: str) -> bool:
    return any(library == name and f"{PACKAGE}.{part}" in module.name for name, part in ALSO)


def test_functions_import_nothing() -> None:
    wrong = [
        f"{module.at(found.line)} imports {found.name} inside a function"
        for module in modules()
        for found in module.imports
        if found.inside_function and module.layer not in LAZY and "runtime.connections" not in module.name
    ]
    assert not wrong, listed(wrong)
