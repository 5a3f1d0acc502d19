"""Every .dpone and .py.txt file of tests/cases/errors gives the code in its name at the place its first line says."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.frontends.dsl.problems import DSL_PROBLEMS
from dpone_compiler.frontends.dsl.read import read_dsl
from dpone_compiler.frontends.language.policy_problems import POLICY_PROBLEMS
from dpone_compiler.frontends.language.problems import LANGUAGE_PROBLEMS
from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.source.text import SourceFile

CASES = Path(__file__).parents[2] / "cases" / "errors"
FILES = sorted(path for path in CASES.glob("DP1??_*") if path.suffix in (".dpone", ".txt"))
PROBLEMS = (*LANGUAGE_PROBLEMS, *DSL_PROBLEMS, *POLICY_PROBLEMS)


def _problems(path: Path) -> Diagnostics:
    file = SourceFile(path.name, path.read_text(encoding="utf-8"))
    return read_language(file)[1] if path.suffix == ".dpone" else read_dsl(file)[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_error_case(path: Path) -> None:
    (found,) = _problems(path)
    assert found.code == path.stem.partition("_")[0]
    at = f"{found.span.line}:{found.span.column}" if found.span else "nowhere"
    assert f"# at {at}" == path.read_text(encoding="utf-8").splitlines()[0]
    assert "{" not in found.problem.message()


def test_every_problem_has_a_case() -> None:
    assert sorted(kind.code for kind in PROBLEMS) == [path.stem.partition("_")[0] for path in FILES]


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.code)
def test_a_page_explains_gives_an_example_and_says_what_to_do(kind: type[Problem]) -> None:
    page = inspect.cleandoc(kind.__doc__ or "")
    assert "Example:" in page
    assert "What to do:" in page
    assert len(page.split("\n\n")) >= 4
