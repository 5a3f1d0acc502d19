"""Small files with a docstring and a telling name, and no SQL out of an f-string."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.modules import Module, listed, modules

MOST_LINES = 400
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "base", "misc"})
SQL = re.compile(r"\s*(?:SELECT|INSERT|DELETE|UPDATE|ALTER|CREATE|MERGE|DROP|TRUNCATE|COPY)\s")
BOTH = pytest.mark.parametrize("folder", ["dpone_compiler", "tests"])


@BOTH
def test_every_module_has_a_docstring(folder: str) -> None:
    wrong = [module.at(1) for module in modules(folder) if not ast.get_docstring(module.tree)]
    assert not wrong, listed(wrong)


@BOTH
def test_no_file_is_long(folder: str) -> None:
    wrong = [module.at(size) for module in modules(folder) if (size := len(module.text.splitlines())) > MOST_LINES]
    assert not wrong, listed(wrong)


@BOTH
def test_no_name_says_nothing(folder: str) -> None:
    wrong = [module.name for module in modules(folder) if EMPTY_NAMES & set(module.name.split("."))]
    assert not wrong, listed(wrong)


def test_no_f_string_makes_sql() -> None:
    wrong = [
        f"{module.at(node.lineno)}: {ast.unparse(node)[:80]}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.JoinedStr) and _begins_like_sql(node)
    ]
    assert not wrong, listed(wrong)


def _begins_like_sql(node: ast.JoinedStr) -> bool:
    first = node.values[0] if node.values else None
    return isinstance(first, ast.Constant) and bool(SQL.match(str(first.value)))


@pytest.mark.parametrize(
    ("text", "found"),
    [("f'SELECT {x}'", True), ("f'\\n  DROP TABLE {x}'", True), ("f'{x} SELECT'", False), ("f'Selected {x}'", False)],
)
def test_the_search_for_sql_finds_it(text: str, found: bool) -> None:
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.JoinedStr)
    assert _begins_like_sql(node) is found


def test_the_walk_sees_imports_at_every_depth() -> None:
    module = Module.__new__(Module)
    text = "import a\nif x:\n    from b import c\ndef f():\n    import d.e\n"
    found = [(each.name, each.inside_function) for each in module._imports(ast.parse(text), False)]
    assert found == [("a", False), ("b.c", False), ("d.e", True)]
