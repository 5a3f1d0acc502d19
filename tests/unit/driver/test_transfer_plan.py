"""native_transfer_plan: complete for every native path, true to the decision, and no claim without a test behind it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler import registry
from dpone_compiler.driver.evidence import proved
from tests.cli.commands import EXAMPLES, ROOT

FIELDS = {
    "fast_path_id", "wire", "why", "fallback", "export_method", "ingest_method", "finalizer", "partitioning",
    "native_ingest_settings", "retry_boundaries", "transport_contract", "replay_contract", "evidence_contract", "warnings",
}  # fmt: skip
PLANS = [
    *sorted((EXAMPLES / "plans").glob("*/plan.json")),
    *sorted((ROOT / "tests" / "golden" / "bundles").glob("*/plan.json")),
]


def plan(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parent.name)
def test_it_is_complete_and_agrees_with_the_plan(path: Path) -> None:
    document = plan(path)
    transfer = document["native_transfer_plan"]
    assert set(transfer) == FIELDS
    assert transfer["fast_path_id"] == document["decision"]["native_fast_path"]
    assert transfer["finalizer"] == document["decision"]["finalizer"]
    lossy = [each["target"] for each in document["types"] if each["may_lose"]]
    assert [each["column"] for each in transfer["transport_contract"]["lossy_columns"]] == lossy
    transport = transfer["transport_contract"]
    proofs = transfer["evidence_contract"]["round_trip_tests"]
    assert transport["lossless"] is (not lossy and bool(proofs))
    assert transport["lossless_because"]
    sink = document["route"]["target"]["engine"]
    for test in proofs:
        assert proved()[sink][test], "a claim without a test that has passed"
    steps = {each["id"] for each in document["steps"]}
    assert {each["from_step"] for each in transfer["retry_boundaries"]} <= steps
    commit = next(each for each in document["steps"] if each["kind"] == "commit_state")
    together = transfer["replay_contract"]["state_commit"] == "in the transaction of the data"
    assert together is bool(commit["transaction"])


def test_every_native_path_has_a_plan() -> None:
    planned = {plan(path)["native_transfer_plan"]["fast_path_id"] for path in PLANS}
    assert {path.name for path in registry.native_paths()} <= planned


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parent.name)
def test_every_setting_stands_in_the_statement(path: Path) -> None:
    document = plan(path)
    loads = [each["files"]["load"] for each in document["steps"] if each["kind"] == "transfer"]
    told = document["native_transfer_plan"]["native_ingest_settings"]
    text = (path.parent / loads[0]).read_text(encoding="utf-8") if loads else ""
    for name, said in told.get("clickhouse_bulk", {}).get("insert_settings", {}).items():
        assert f"{name} = {said}" in text
    for name, said in told.get("copy", {}).items():
        assert f"{name} {said}" in text
    if "insert" in told:
        assert "WITH (TABLOCK)" in text and "OPENJSON" in text and "strict $[0]" in text
    if not told:
        assert not loads or "clickhouse" in document["route"]["target"]["engine"]


def test_nothing_is_claimed_of_a_path_that_no_engine_has_seen() -> None:
    """No SQL Server is here, so no plan from or to one says that it loses nothing."""
    claims = {
        (document["route"]["source"]["engine"], document["route"]["target"]["engine"])
        for document in map(plan, PLANS)
        if document["native_transfer_plan"]["transport_contract"]["lossless"]
        or document["native_transfer_plan"]["replay_contract"]["lossless_replay"]
    }
    assert ("postgres", "postgres") in claims
    assert not any("mssql" in route for route in claims if route[1] == "mssql")


@pytest.mark.parametrize("path", registry.native_paths(), ids=lambda path: path.name)
def test_every_claim_names_a_test_that_exists(path: Any) -> None:
    assert path.export and path.ingest
    for proof in path.proofs:
        file, _, name = proof.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), proof
