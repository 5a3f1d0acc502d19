"""Strategies that mean something else are estimated where a manifest asks for them; what is not said stands under a code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import EXAMPLES, ROOT, dponec

CASES = ROOT / "tests" / "cases" / "loads"
HINTS = ("--estimated-rows", "1000000", "--changed-percent", "0.05")


def _cost(name: str, folder: object = CASES) -> dict[str, Any]:
    shown = dponec("advise", f"{folder}/{name}.yaml", *HINTS, "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    cost: dict[str, Any] = json.loads(shown.stdout)["cost"]
    return cost


def _codes(cost: dict[str, Any]) -> list[str]:
    return [each["code"] for each in cost["silent"]]


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("snapshot_hard_pg", {("snapshot_diff", "")}),
        ("snapshot_soft_ch", {("snapshot_diff", "")}),
        ("snapshot_soft_ms", {("snapshot_diff", "")}),
        ("history_cursor_pg", {("scd2", "")}),
        ("history_run_ch", {("scd2", "")}),
        ("cdc_slot_pg", {("cdc_apply", "update_insert"), ("cdc_apply", "delete_insert")}),
        ("cdc_slot_ms", {("cdc_apply", "update_insert"), ("cdc_apply", "delete_insert")}),
    ],
)
def test_a_strategy_that_is_asked_for_has_volumes(name: str, ways: set[tuple[str, str]]) -> None:
    cost = _cost(name)
    assert {(each["strategy"], each["policy"]) for each in cost["estimates"]} == ways
    assert all(each["moved"] > 0 and each["staging"] > 0 for each in cost["estimates"])
    # Nothing has run on SQL Server.
    if name.endswith("_ms"):
        assert {each["seconds"] for each in cost["estimates"]} == {None}
        assert (_codes(cost), cost["constants"]) == (["cost_time_not_measured"], "")
    else:
        assert all(each["seconds"] > 0 for each in cost["estimates"])
        assert _codes(cost) == [] and "constants of another machine" in cost["constants"]


def test_what_auto_chooses_is_among_the_estimates() -> None:
    """Captured changes are no alternative to be compared by cost, but the way that was chosen has its volumes."""
    found = {(each["strategy"], each["policy"]): each for each in _cost("cdc_slot_ch")["estimates"]}
    assert {policy for strategy, policy in found if strategy == "cdc_apply"} == {
        "partition_rewrite",
        "lightweight_delete_insert",
    }
    applied, whole = found[("cdc_apply", "partition_rewrite")], found[("full_refresh", "")]
    assert applied["moved"] == pytest.approx(whole["moved"] / 20)


def test_what_reads_no_window_reads_everything() -> None:
    by_cursor, by_run = (_cost(f"history_{each}_pg")["estimates"][0] for each in ("cursor", "run"))
    assert by_run["moved"] == pytest.approx(20 * by_cursor["moved"], rel=0.2)


def test_a_backfill_is_its_slices_together() -> None:
    """Nine slices of the same source, so the volumes are those of one whole load, and each opens a run of its own."""
    merge = _cost("orders_backfill_pg_to_pg", EXAMPLES)
    (upsert,) = [each for each in merge["estimates"] if each["policy"] == "upsert"]
    assert {each["strategy"] for each in merge["estimates"]} == {"incremental_merge"}
    assert any("9 slices" in each for each in merge["assumed"])
    whole = _cost("full_pg")
    (rewrite,) = [
        each for each in whole["estimates"] if each["policy"] == "delete_insert" and each["strategy"] == "full_refresh"
    ]
    opened = {each["phase"]: each["seconds"] for each in rewrite["terms"]}["open"]
    assert {each["phase"]: each["seconds"] for each in upsert["terms"]}["open"] == pytest.approx(9 * opened)
    assert upsert["staging"] == pytest.approx(upsert["moved"] / 9)
    assert merge["turns"] == []


@pytest.mark.parametrize("name", ["replace_pg", "replace_ch", "replace_ms_ms"])
def test_a_scope_has_the_share_of_the_rows_that_somebody_says(name: str) -> None:
    cost = _cost(name)
    (found,) = cost["estimates"]
    assert (found["strategy"], found["policy"]) == ("replace", "")
    whole = _cost("full_pg")["estimates"][0]
    assert 0 < found["moved"] < whole["moved"] / 4
    assert (found["seconds"] is None) == (name == "replace_ms_ms")


def test_a_scope_of_unknown_size_is_not_estimated_and_the_code_says_so(tmp_path: Path) -> None:
    unsaid = ("advise", CASES / "replace_pg.yaml", "--estimated-rows", "1000000", "--format", "json")
    cost = json.loads(dponec(*unsaid).stdout)["cost"]
    assert (cost["known"], cost["estimates"], _codes(cost)) == (False, [], ["cost_not_estimated"])
    run = tmp_path / "runs" / "run-1"
    run.mkdir(parents=True)
    receipt = {"load": "replace_pg", "plan": {"strategy": "replace"}, "outcome": {"status": "done"}}
    (run / "receipt.json").write_text(json.dumps({**receipt, "proofs": {"source_rows": "30000"}}), encoding="utf-8")
    (found,) = json.loads(dponec(*unsaid, "--runs", run.parent).stdout)["cost"]["estimates"]
    assert found["seconds"] is not None


def test_a_backfill_by_scopes_has_the_volumes_of_its_slices() -> None:
    (found,) = _cost("backfill_replace_pg")["estimates"]
    assert found["moved"] == pytest.approx(_cost("full_pg")["estimates"][0]["moved"], rel=0.5)


@pytest.mark.parametrize("form", ["text", "md"])
def test_where_the_seconds_come_from_is_said(form: str) -> None:
    shown = dponec("advise", EXAMPLES / "orders_pg_to_pg.yaml", "--format", form).stdout
    assert "seconds: constants of another machine (docs/reference/cost-model.md)" in shown
    assert "cost_time_not_measured" in dponec("advise", CASES / "merge_ms.yaml", *HINTS, "--format", form).stdout
