"""Broken resync plans are named by the proof, and plan.md says what plan.json says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dpone_compiler import registry
from dpone_compiler.driver.compile import Compiled, compile_paths
from dpone_compiler.ir.decision import decided
from dpone_compiler.plan.actions import CheckPartitionList, Reconcile
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.verify import verify_plan
from dpone_compiler.planning.resync import plan_resync
from dpone_compiler.spi.strategy import NotViable, Setting

EXAMPLES = Path(__file__).parents[2] / "examples"
TRANSACTIONAL = {"open", "extract", "validate", "finalize", "cleanup"}


@pytest.fixture(scope="module")
def examples() -> dict[str, Compiled]:
    result = compile_paths([EXAMPLES])
    return {item.load.name: item for item in result.loads}


def resync_of(item: Compiled) -> Plan:
    assert item.context is not None
    context = item.context
    strategy = registry.strategies()[decided(item.load.decisions.strategy)]
    plan = plan_resync(item.load, strategy, Setting(facts=context.facts, source=context.source, sink=context.sink))
    assert not isinstance(plan, NotViable)
    return plan


@pytest.mark.parametrize("name", ["orders_days_pg_to_pg", "orders_months_pg_to_ch"])
def test_a_resync_without_its_checks_is_no_plan(examples: dict[str, Compiled], name: str) -> None:
    plan = resync_of(examples[name])
    assert verify_plan(plan) == ()
    for gone, fault in (
        (CheckPartitionList, "can read partitions before they are known"),
        (Reconcile, "without Reconcile"),
    ):
        assert any(fault in told for told in verify_plan(_without(plan, gone))), gone


def _without(plan: Plan, kind: type) -> Plan:
    """The plan with the steps of a kind taken out and its neighbours joined."""
    steps = []
    before: tuple[str, ...] = ()
    for step in plan.steps:
        if not isinstance(step.action, kind):
            steps.append(replace(step, after=before))
            before = (step.id,)
    return replace(plan, steps=tuple(steps))


def test_every_step_is_in_one_stage_and_plan_md_says_the_commands_of_plan_json(examples: dict[str, Compiled]) -> None:
    for item in examples.values():
        assert item.bundle is not None
        doc = json.loads(item.bundle.files["plan.json"])
        stages = doc["replay"]["resume"]["stages"]
        listed = [step for told in stages.values() for step in told["steps"]]
        assert sorted(listed) == sorted(step["id"] for step in doc["steps"])
        assert set(stages) >= TRANSACTIONAL
        text = item.bundle.files["plan.md"]
        assert "## If it fails" in text
        assert all(told["next"] in text for told in stages.values())
        resync = doc["replay"]["resync"]
        told = [resync["next"]] if resync["steps"] else resync["instead"]
        assert all(line in text for line in told)
        for step in resync["steps"]:
            assert all(path in item.bundle.files for path in (step["file"], *step["files"].values()) if path)


def test_what_to_type_when_it_fails(examples: dict[str, Compiled]) -> None:
    """The text that a reviewer reads, in full for one load of each kind."""
    bundle = examples["orders_pg_to_pg"].bundle
    assert bundle is not None
    shown = bundle.files["plan.md"].partition("## If it fails")[2].partition("\nFingerprint")[0]
    assert [line for line in shown.splitlines() if line.startswith("| ")][2:] == [
        "| open | check-source to open-attempt | nothing was written: the same run again | `dponec run BUNDLE` |",
        "| extract | fence-stage-left to transfer-rows | the target is untouched; staging is filled again from the frozen window "
        "| `dponec resume RUN_ID --from-stage extract --yes` |",
        "| validate | fence-prove to record-staged | the target is untouched; mend the source or the policy, then staging is filled "
        "again | `dponec resume RUN_ID --from-stage extract --yes` |",
        "| finalize | fence-finalize to commit-state | the transaction was rolled back, the target is as before; staging is proved "
        "and not read again | `dponec resume RUN_ID --from-stage finalize --yes` |",
        "| cleanup | drop-rows to release-lease | data and state are in; only staging and the lease are left "
        "| `dponec resume RUN_ID --from-stage cleanup --yes` |",
    ]
    assert shown.strip().splitlines()[-1] == (
        "There is no resync by partition: the load names no partition. Instead: "
        "`dponec state rewind orders_pg_to_pg WATERMARK`, then `dponec run BUNDLE`"
    )
