"""dponec diff: what a plan does, promises and says, against what it did; on disk and in git."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler.artifacts.difference import AREAS
from tests.cli.commands import EXAMPLES, FORMS, ROOT, dponec, forge, write_manifest

MERGE = {"yaml": FORMS["yaml"].replace("mode: auto", "mode: incremental_merge, merge_policy: delete_insert")}
UPSERT = {"yaml": MERGE["yaml"].replace("delete_insert", "update_insert")}
FILTERED = {
    "yaml": MERGE["yaml"]
    .replace("  cursor:", "  where: status <> 'draft', cursor:")
    .replace("10 minutes", "20 minutes")
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def compiled(folder: Path, texts: dict[str, str], out: str) -> Path:
    made = dponec("compile", write_manifest(folder, "yaml", texts), "-o", folder / out, "--no-cache")
    assert made.exit_code == 0, made.output
    return folder / out


def told(*words: object) -> dict[str, dict[str, Any]]:
    """Load -> status and changes by (area, name)."""
    shown = dponec("diff", *words, "--format", "json")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    assert document["format"] == "dponec.diff/1"
    return {
        each["name"]: {"status": each["status"]} | {(c["area"], c["name"]): c for c in each["changes"]}
        for each in document["loads"]
    }


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_a_plan_is_the_same_as_itself(here: Path) -> None:
    plans = compiled(here, MERGE, "a")
    for pair in ((plans, plans), (plans / "orders", plans / "orders")):
        same = dponec("diff", *pair, "--exit-code")
        assert (same.exit_code, same.stdout) == (0, "1 same\n")


def test_another_policy_is_told_with_its_reason_and_its_statements(here: Path) -> None:
    found = told(compiled(here, MERGE, "a"), compiled(here, UPSERT, "b"))["orders"]
    assert found["status"] == "changed"
    policy = found["decision", "merge_policy"]
    assert (policy["before"], policy["after"]) == ("delete_insert", "update_insert")
    assert found["steps", "delete-matching"]["after"] is None
    assert found["steps", "update-matching"]["before"] is None
    assert any(
        line.startswith("+")
        for line in found["steps", "insert-missing"]["lines"] or found["steps", "reconcile"]["lines"]
    )
    assert "manifest" in {name for area, name in (key for key in found if key != "status") if area == "inputs"}


def test_a_filter_and_a_lag_change_what_is_read_and_promised(here: Path) -> None:
    found = told(compiled(here, MERGE, "a"), compiled(here, FILTERED, "b"))["orders"]
    extract = "\n".join(found["steps", "transfer-rows extract"]["lines"])
    assert "+" in extract and "'draft'" in extract
    assert "1200 seconds" in found["contract", "late_data"]["after"]
    assert "10 minutes" not in json.dumps(found["contract", "late_data"])
    assert not [key for key in found if key != "status" and key[0] == "route"]


def test_text_and_markdown_say_the_same_areas(here: Path) -> None:
    old, new = compiled(here, MERGE, "a"), compiled(here, FILTERED, "b")
    text, md = (dponec("diff", old, new, "--format", form).stdout for form in ("text", "md"))
    areas = {area for key in told(old, new)["orders"] if key != "status" for area in key[:1]}
    assert areas <= set(AREAS)
    assert all(f"\n  {area}\n" in text and f"\n### {area}\n" in md for area in areas)
    assert text.startswith("orders: changed: ") and text.endswith("\n1 changed\n")
    assert md.startswith("# Plans\n\n1 changed\n\n## orders: changed\n") and "```diff" in md


def test_loads_that_came_and_went(here: Path) -> None:
    old = compiled(here, MERGE, "a")
    new = compiled(here, {"yaml": MERGE["yaml"].replace("name: orders\n", "name: others\n", 1)}, "b")
    found = told(old, new)
    assert {name: each["status"] for name, each in found.items()} == {"orders": "removed", "others": "added"}
    shown = dponec("diff", old, new, "--exit-code")
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (1, "1 added, 1 removed")


def test_the_same_effects_in_other_text(here: Path) -> None:
    """A hint that changes no step."""
    old = compiled(here, MERGE, "a")
    hinted = {"yaml": MERGE["yaml"].replace("estimated_rows: 200000", "estimated_rows: 210000")}
    found = told(old, compiled(here, hinted, "b"))["orders"]
    assert found["status"] == "reworded"
    assert [key for key in found if key != "status"] == [("inputs", "manifest")]


def forged(folder: Path, name: str, change: Callable[[dict[str, Any]], None] = lambda plan: None) -> tuple[Path, Path]:
    """An example and a copy whose plan somebody changed, and then made the digests right."""
    plan, copy = EXAMPLES / "plans" / name, folder / "copy"
    shutil.copytree(plan, copy, dirs_exist_ok=True)
    forge(copy, change)
    return plan, copy


def test_a_statement_of_the_same_compiler_is_not_only_worded_otherwise(here: Path) -> None:
    assert told(*forged(here, "orders_pg_to_pg"))["orders_pg_to_pg"] == {"status": "same"}
    step = here / "copy" / "steps" / "21-delete-matching.sql"
    step.write_text(step.read_text().replace('"t"."order_id" = "s"."order_id"', "true"))
    forge(here / "copy")
    pair = (EXAMPLES / "plans" / "orders_pg_to_pg", here / "copy")
    found = told(*pair)["orders_pg_to_pg"]
    assert (found.pop("status"), list(found)) == ("changed", [("steps", "delete-matching")])
    forge(here / "copy", lambda plan: plan.update(compiler="dponec 99.0"))
    assert told(*pair)["orders_pg_to_pg"]["status"] == "reworded"


def test_other_effects_alone_are_a_change(here: Path) -> None:
    found = told(*forged(here, "orders_pg_to_pg", lambda plan: plan.update(effects="0" * 64)))["orders_pg_to_pg"]
    assert (found.pop("status"), list(found)) == ("changed", [("load", "effects")])


def test_what_a_resync_does_is_compared_too(here: Path) -> None:
    """Another compiler may word it otherwise, and may not put a step out of its transaction."""

    def alone(plan: dict[str, Any]) -> None:
        plan["compiler"] = "dponec 99.0"
        step = next(step for step in plan["replay"]["resync"]["steps"] if step["kind"] == "commit_state")
        step["transaction"] = ""

    found = told(*forged(here, "orders_days_pg_to_pg", alone))["orders_days_pg_to_pg"]
    assert found["replay", "commit-state transaction"]["before"] == "finalize"
    assert found["status"] == "changed"


def test_a_malformed_resync_is_refused(here: Path) -> None:
    def misplaced(plan: dict[str, Any]) -> None:
        plan["replay"]["resync"]["steps"] = [1]

    refused = dponec("diff", *forged(here, "orders_days_pg_to_pg", misplaced))
    assert refused.exit_code == 1 and "DP702" in refused.stderr


def test_revisions_of_git(here: Path) -> None:
    git(here, "init", "-q")
    (here / "empty").touch()
    git(here, "add", "empty")
    git(here, "commit", "-qm", "nothing")
    compiled(here, MERGE, "plans")
    git(here, "add", "plans")
    git(here, "commit", "-qm", "one")
    assert told("git:HEAD", "plans")["orders"]["status"] == "same"
    assert told("git:HEAD~1", "plans")["orders"]["status"] == "added"
    compiled(here, UPSERT, "plans")
    assert told("git:main", "plans")["orders"]["decision", "merge_policy"]["after"] == "update_insert"
    assert told("plans", "git:main")["orders"]["decision", "merge_policy"]["after"] == "delete_insert"
    assert told("git:HEAD", here / "plans" / "orders")["orders"]["status"] == "changed"
    git(here, "add", "--all", "plans")
    git(here, "commit", "-qm", "two")
    assert told("git:HEAD~1:plans", "git:HEAD:plans/orders")["orders"]["status"] == "changed"
    shutil.rmtree(here / "plans")
    assert told("git:HEAD", "plans")["orders"]["status"] == "removed"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("git:gone", "plans"), "no revision 'gone'"),
        (("git:--output=x", "plans"), "git:REV"),
        (("git:", "plans"), "git:REV"),
        (("git:HEAD", "git:HEAD"), "of which folder"),
        (("git:HEAD", "plns"), "neither git:HEAD nor plns holds a bundle"),
    ],
)
def test_a_side_that_cannot_be_had(here: Path, words: tuple[str, str], why: str) -> None:
    git(here, "init", "-q")
    git(here, "commit", "-qm", "nothing", "--allow-empty")
    compiled(here, MERGE, "plans")
    refused = dponec("diff", *words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert why in refused.stderr
    assert not (here / "x").exists()


def test_git_outside_of_a_repository(here: Path) -> None:
    compiled(here, MERGE, "plans")
    refused = dponec("diff", "git:HEAD", "plans")
    assert refused.exit_code == 2 and "repository" in refused.stderr


def test_a_bundle_that_is_not_as_compiled_is_refused(here: Path) -> None:
    plans = compiled(here, MERGE, "a")
    step = next((plans / "orders" / "steps").glob("*reconcile*"))
    step.write_text(step.read_text() + "-- more\n")
    refused = dponec("diff", plans, plans)
    assert refused.exit_code == 1 and "DP701" in refused.stderr


def test_a_folder_without_bundles_is_no_empty_side(here: Path) -> None:
    plans = compiled(here, MERGE, "plans")
    for pair in ((here / "nowhere", plans), (plans, here / "nowhere")):
        refused = dponec("diff", *pair)
        assert refused.exit_code == 1 and "DP702" in refused.stderr


def test_names_that_would_be_markup_are_text_in_markdown() -> None:
    bundles = ROOT / "tests" / "golden" / "bundles"
    (nasty,) = (each for each in bundles.iterdir() if each.name.startswith("nasty%20ch"))
    shown = dponec("diff", bundles / "full_ch", nasty, "--format", "md")
    assert shown.exit_code == 0
    assert "## nasty ch'; DROP TABLE x; --" in shown.stdout
    assert shown.stdout.count("```diff") * 2 == sum(
        line.strip().startswith("```") for line in shown.stdout.splitlines()
    )
