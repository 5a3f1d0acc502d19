"""Every file of tests/cases/errors triggers exactly the code in its name, and is rendered as its golden file shows."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.render import full
from dpone_compiler.frontends import problems
from dpone_compiler.frontends.manifest import read_manifest
from dpone_compiler.source.text import SourceFile
from tests.golden_files import GoldenText

CASES = Path(__file__).parents[2] / "cases" / "errors"
FILES = sorted(path for path in CASES.glob("DP0??_*.yaml"))
PROBLEMS = [
    kind
    for _, kind in inspect.getmembers(problems, inspect.isclass)
    if issubclass(kind, Problem) and kind is not Problem
]


def _overrides(text: str) -> dict[str, str]:
    """A case may begin with comments `# --set path=value`."""
    lines = [line.removeprefix("# --set ") for line in text.splitlines() if line.startswith("# --set ")]
    return {line.partition("=")[0]: line.partition("=")[2] for line in lines}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_error_case(path: Path, snapshot: SnapshotAssertion) -> None:
    file = SourceFile(path.name, path.read_text(encoding="utf-8"))
    _, found = read_manifest(file, overrides=_overrides(file.text))
    assert {diagnostic.code for diagnostic in found} == {path.stem.partition("_")[0]}
    assert full.render(found, {file.name: file}) == snapshot(extension_class=GoldenText)


def test_every_problem_has_a_case() -> None:
    assert sorted(kind.code for kind in PROBLEMS) == sorted(path.stem.partition("_")[0] for path in FILES)


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.code)
def test_a_page_explains_gives_an_example_and_says_what_to_do(kind: type[Problem]) -> None:
    page = inspect.cleandoc(kind.__doc__ or "")
    assert "Example:" in page
    assert "What to do:" in page
    assert len(page.split("\n\n")) >= 4
