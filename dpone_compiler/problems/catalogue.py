"""All pages by code. A test holds that no module with problems is missing here and that no code is given twice."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.driver import problems as driver
from dpone_compiler.frontends import problems as frontends
from dpone_compiler.frontends.catalog import problems as catalog
from dpone_compiler.frontends.dsl import problems as dsl
from dpone_compiler.frontends.language import policy_problems, problems
from dpone_compiler.passes import problems as passes
from dpone_compiler.passes.problems import of_expressions as expressions
from dpone_compiler.passes.problems import of_targets as targets
from dpone_compiler.passes.problems import of_types as types
from dpone_compiler.problems.connections import PAGES as CONNECTIONS
from dpone_compiler.problems.gates import PAGES as GATES
from dpone_compiler.problems.page import Page, page_of
from dpone_compiler.problems.runs import PAGES as RUNS

MODULES: tuple[ModuleType, ...] = (
    frontends,
    catalog,
    problems,
    dsl,
    policy_problems,
    passes,
    expressions,
    types,
    targets,
    driver,
)


class CodeTakenError(RuntimeError):
    """Two problems have one code: a bug of ours, found by a test."""


def problem_classes() -> Iterator[type[Problem]]:
    """Every problem that a compile can report."""
    for module in MODULES:
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Problem) and kind is not Problem:
                yield kind


@cache
def pages() -> dict[str, Page]:
    """Code -> page, in the order of codes."""
    found: dict[str, Page] = {}
    for page in (*(page_of(kind) for kind in problem_classes()), *RUNS, *GATES, *CONNECTIONS):
        if page.code in found:
            raise CodeTakenError(f"{page.code} is both {found[page.code].title!r} and {page.title!r}")
        found[page.code] = page
    return dict(sorted(found.items()))
