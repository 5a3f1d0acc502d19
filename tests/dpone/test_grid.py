"""The grid against dpone itself: every difference in a decision is explained by exactly one named rule."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler.strategy_intelligence.advisor import AdviceRefusedError, StrategyAdvisor, StrategyContext
from tests.dpone.contexts import contexts
from tests.dpone.differences import PATH, POLICY, STRATEGY, Case, Difference
from tests.tiers import DPONE_PYTHON

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dpone-differences.md"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    grid = list(contexts())
    asked = "\n".join(map(json.dumps, grid))
    done = subprocess.run(
        [str(DPONE_PYTHON), str(Path(__file__).with_name("ask.py"))],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    return [_case(context, decision) for context, decision in zip(grid, theirs, strict=True)]


def _case(context: dict[str, Any], theirs: dict[str, Any]) -> Case:
    given = {**context, "unique_key": tuple(context["unique_key"])}
    try:
        decision = StrategyAdvisor().advise(StrategyContext(**given))
    except AdviceRefusedError as error:
        return Case(context, theirs, {}, str(error))
    return Case(context, theirs, decision.to_dict(), "")


def explained(cases: Sequence[Case], rules: Sequence[Difference], field: str) -> Counter[str]:
    """How often each rule explains a difference of one field. A difference with no rule, or with two, fails."""
    counts: Counter[str] = Counter()
    for case in cases:
        names = [rule.name for rule in rules if rule.holds(case)]
        differs = bool(case.refused) or case.theirs[field] != case.ours[field]
        assert len(names) == differs, (dict(case.context), case.theirs, case.ours, case.refused, names)
        counts.update(names)
    assert set(counts) == {rule.name for rule in rules}, "a rule that explains nothing is to go"
    return counts


@pytest.mark.dpone
def test_every_difference_has_one_reason(cases: list[Case]) -> None:
    assert len(cases) > 5000
    decided = [
        case for case in cases if not case.refused and case.theirs["strategy_mode"] == case.ours["strategy_mode"]
    ]
    counts = explained(cases, STRATEGY, "strategy_mode")
    same = [case for case in decided if case.theirs["merge_policy"] != case.ours["merge_policy"]]
    counts += explained(same, POLICY, "merge_policy")
    other = [case for case in decided if case.theirs["native_fast_path"] != case.ours["native_fast_path"]]
    counts += explained(other, PATH, "native_fast_path")
    page = PAGE.read_text(encoding="utf-8")
    for rule in (*STRATEGY, *POLICY, *PATH):
        assert f"| `{rule.name}` | {rule.field} | {rule.why} |" in page, f"{rule.name}: {counts[rule.name]} contexts"
    assert f"{len(cases)} contexts." in page


@pytest.mark.dpone
def test_batching_is_the_same_everywhere(cases: list[Case]) -> None:
    for case in cases:
        if not case.refused:
            theirs, ours = dict(case.theirs["adaptive_batching"]), dict(case.ours["adaptive_batching"])
            assert theirs == ours, case.context
