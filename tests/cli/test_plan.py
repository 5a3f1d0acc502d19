"""dponec plan: of a manifest in memory, and of a bundle that was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dpone_compiler.artifacts.plan_codec import plan_fingerprint
from tests.cli.commands import EXAMPLE_LOADS, EXAMPLES, FORMS, dponec, write_manifest


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A compiled example."""
    dponec("compile", EXAMPLES / "orders_pg_to_pg.yaml", "-o", tmp_path / "plans", "--no-cache")
    return tmp_path / "plans" / "orders_pg_to_pg"


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_a_manifest_and_its_bundle_show_the_same(bundle: Path, form: str) -> None:
    of_manifest = dponec("plan", EXAMPLES / "orders_pg_to_pg.yaml", "--format", form)
    of_bundle = dponec("plan", bundle, "--format", form)
    assert (of_manifest.exit_code, of_bundle.exit_code) == (0, 0)
    assert of_manifest.stdout == of_bundle.stdout


def test_md_and_json_are_the_files_of_the_bundle(bundle: Path) -> None:
    assert dponec("plan", bundle, "--format", "md").stdout == (bundle / "plan.md").read_text(encoding="utf-8")
    assert dponec("plan", bundle, "--format", "json").stdout == (bundle / "plan.json").read_text(encoding="utf-8")


def test_text_has_summary_contract_and_numbered_steps(bundle: Path) -> None:
    lines = dponec("plan", bundle).stdout.splitlines()
    steps = json.loads((bundle / "plan.json").read_text(encoding="utf-8"))["steps"]
    assert lines[0] == "orders_pg_to_pg: incremental_merge by delete_insert"
    assert "  atomicity: all or nothing" in "\n".join(lines)
    assert lines[-1].split()[:2] == [f"{len(steps)}.", steps[-1]["id"]]
    assert "decision:" not in lines
    explained = dponec("plan", bundle, "--explain-strategy").stdout
    assert "decision:" in explained
    assert "gate high staging_first_required" in explained


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_has_one_plan(tmp_path: Path, form: str) -> None:
    shown = dponec("plan", write_manifest(tmp_path, form), "--format", "json")
    assert json.loads(shown.stdout)["name"] == "orders"


def test_a_folder_of_bundles_is_one_document(bundle: Path) -> None:
    dponec("compile", EXAMPLES, "-o", bundle.parent, "--no-cache")
    assert len(json.loads(dponec("plan", bundle.parent, "--format", "json").stdout)["plans"]) == EXAMPLE_LOADS


def test_a_changed_bundle_is_refused(bundle: Path) -> None:
    (bundle / "plan.md").write_text("nothing to see here\n")
    refused = dponec("plan", bundle)
    assert refused.exit_code == 1
    assert "DP701" in refused.stderr


@pytest.mark.parametrize("edit", ["step", "parameter", "another shape", "truncated"])
def test_a_plan_edited_by_hand_is_refused(bundle: Path, edit: str) -> None:
    path = bundle / "plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    if edit == "step":
        plan["steps"] = [step for step in plan["steps"] if step["id"] != "check-null-keys"]
        assert len(plan["steps"]) < len(json.loads(path.read_text(encoding="utf-8"))["steps"])
    elif edit == "parameter":
        plan["limits"]["lock_timeout"] = 999
    elif edit == "another shape":
        plan["steps"][0] = "x"
        plan["files"] = {"plan.md": None}
    text = json.dumps(plan)
    path.write_text(text[: len(text) // 2] if edit == "truncated" else text, encoding="utf-8")
    for words in (["plan", bundle], ["run", bundle, "--dry-run"], ["explain", bundle, "check-null-keys"]):
        refused = dponec(*words)
        assert refused.exit_code == 1, refused.output
        assert ("DP702" if edit == "truncated" else "DP701") in refused.stderr, refused.output


def test_what_a_later_minor_version_adds_is_ignored(bundle: Path) -> None:
    """An unknown key of the document, of a step, of its guard and of a parameter; and still no known value may be changed."""
    path = bundle / "plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    plan["format"] += ".1"
    plan["fingerprint"] = plan_fingerprint(plan)  # of the keys of format 1, before the later ones are there
    for place in (plan, plan["steps"][0], plan["steps"][0]["guard"], plan["params"][0]):
        place["of_later"] = {"any": ["value"]}
    path.write_text(json.dumps(plan), encoding="utf-8")
    for words in (["plan", bundle], ["explain", bundle, plan["steps"][0]["id"]]):
        assert dponec(*words).exit_code == 0, dponec(*words).output
    assert "DP601" in dponec("run", bundle, "--dry-run").stderr, "it gets as far as the missing connection"
    plan["steps"][0]["guard"]["kind"] = "query"
    path.write_text(json.dumps(plan), encoding="utf-8")
    assert "DP701" in dponec("plan", bundle).stderr


@pytest.mark.parametrize("written", ["dponec.plan/2", "dponec.plan/2.1", "dponec.plan/10", "other.plan"])
def test_another_major_version_is_refused(bundle: Path, written: str) -> None:
    path = bundle / "plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(plan | {"format": written}), encoding="utf-8")
    for words in (["plan", bundle], ["run", bundle, "--dry-run"]):
        refused = dponec(*words)
        assert refused.exit_code == 1 and "DP702" in refused.stderr and "this dponec reads" in refused.stderr


@pytest.mark.parametrize("evidence", [[], {"atomicity": 1}, {"atomicity": [{"engine": "postgres"}]}])
def test_evidence_of_another_shape_proves_nothing(bundle: Path, evidence: object) -> None:
    path = bundle / "plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**plan, "contract_evidence": evidence}), encoding="utf-8")
    shown = dponec("plan", bundle)
    assert shown.exit_code == 0
    assert "  atomicity: " in shown.stdout
    assert (
        "atomicity: all or nothing: data and state change in one transaction of the target [proved" not in shown.stdout
    )


def test_flags_of_a_manifest_do_not_fit_a_bundle(bundle: Path) -> None:
    assert dponec("plan", bundle, "--set", "name=x").exit_code == 2
