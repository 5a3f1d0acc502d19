"""The modules of the project as syntax trees, and what each of them imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "dpone_compiler"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: ``from a.b import c`` gives ``a.b.c``."""

    name: str
    line: int
    inside_function: bool

    def reaches(self, module: str) -> bool:
        """Whether this imports `module` or something in it."""
        return self.name == module or self.name.startswith(module + ".")


@dataclass(frozen=True)
class Module:
    """One file."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def layer(self) -> str:
        """The part after ``dpone_compiler``; empty for the root."""
        return [*self.name.split("."), ""][1]

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(self._imports(self.tree, False))

    def _imports(self, node: ast.AST, inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, child.lineno, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                source = self._source(child)
                yield from (Import(f"{source}.{alias.name}", child.lineno, inside) for alias in child.names)
            else:
                function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self._imports(child, inside or function)

    def _source(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = self.name.split(".")
        if self.path.name != "__init__.py":
            here = here[:-1]
        here = here[: len(here) - node.level + 1]
        return ".".join([*here, *filter(None, [node.module])])


@cache
def modules(folder: str = PACKAGE) -> tuple[Module, ...]:
    """Every module under a top-level folder, sorted by path."""
    return tuple(Module(path) for path in sorted((ROOT / folder).rglob("*.py")))


@cache
def ranks() -> dict[str, int]:
    """The place of each layer on the street, from the contract in pyproject.toml; 0 is the first stage."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    street = next(contract for contract in contracts if contract["id"] == "street")
    names = [re.findall(r"\w+", layer) for layer in reversed(street["layers"])]
    return {name: rank for rank, layer in enumerate(names) for name in layer}


def listed(wrong: list[str]) -> str:
    """One line each: pytest would show the first of a list only."""
    return "\n".join(["", *wrong])
