"""dponec explain: a page for every code, a page for every step."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from dpone_compiler.problems.catalogue import MODULES, pages, problem_classes
from tests.architecture.modules import modules
from tests.cli.commands import EXAMPLES, dponec

CODE = re.compile(r"DP\d{3}")
SENTENCE = re.compile(r"[.!?](?:\s|$)")


def test_every_class_with_a_code_is_in_the_catalogue() -> None:
    known = {inspect.getmodule(kind) for kind in problem_classes()} | set(MODULES)
    names = {module.__name__ for module in known if module}
    assert [m.name for m in modules() if "    code: ClassVar[str] = " in m.text and m.name not in names] == []


def test_no_code_is_given_twice() -> None:
    codes = [kind.code for kind in problem_classes()]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("code", sorted(pages()))
def test_every_page_says_enough(code: str) -> None:
    page = pages()[code]
    assert len(SENTENCE.findall(page.text)) >= 2
    assert dponec("explain", code.lower()).stdout == page.render()


def test_every_code_in_the_program_has_a_page() -> None:
    told = {code for module in modules() for code in CODE.findall(module.text)}
    # The ends of reserved ranges in docstrings are no codes.
    ranges = {code for module in modules() for code in re.findall(r"to (DP\d{3})", module.text)}
    assert sorted(told - pages().keys() - ranges - {"DP200", "DP300"}) == []


@pytest.mark.parametrize(("typed", "meant"), [("DP5100", "DP510"), ("PD510", "DP510")])
def test_an_unknown_code_is_asked_about(typed: str, meant: str) -> None:
    refused = dponec("explain", typed)
    assert refused.exit_code == 2
    assert f"did you mean {meant}" in refused.stderr


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, compiled."""
    folder = tmp_path_factory.mktemp("plans")
    dponec("compile", EXAMPLES, "-o", folder, "--no-cache")
    return folder


def test_every_step_has_a_page(plans: Path) -> None:
    for plan in sorted(plans.glob("*/plan.json")):
        for step in json.loads(plan.read_text(encoding="utf-8"))["steps"]:
            shown = dponec("explain", plan.parent, step["id"])
            assert shown.exit_code == 0
            for part in (
                f"Why: {step['why']}",
                "Locks:",
                "Readers of the target see meanwhile:",
                "When it fails:",
                *step["locks"],
            ):
                assert part in shown.stdout


def test_a_bundle_alone_lists_its_steps(plans: Path) -> None:
    assert "reconcile: " in dponec("explain", plans / "orders_pg_to_pg").stdout


def test_an_unknown_step_and_a_folder_without_a_plan(plans: Path, tmp_path: Path) -> None:
    refused = dponec("explain", plans / "orders_pg_to_pg", "recncile")
    assert (refused.exit_code, "did you mean 'reconcile'?" in refused.stderr) == (2, True)
    assert "DP702" in dponec("explain", tmp_path, "reconcile").stderr
