"""native_transfer_plan: complete for every native path, true to the decision, and no claim without a test behind it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler import registry
from tests.cli.commands import EXAMPLES, ROOT

FIELDS = {
    "fast_path_id", "wire", "why", "fallback", "export_method", "ingest_method", "finalizer", "partitioning",
    "retry_boundaries", "transport_contract", "replay_contract", "evidence_contract", "warnings",
}  # fmt: skip
PLANS = sorted((EXAMPLES / "plans").glob("*/plan.json"))


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
    assert transfer["transport_contract"]["lossless"] is (not lossy)
    steps = {each["id"] for each in document["steps"]}
    assert {each["from_step"] for each in transfer["retry_boundaries"]} <= steps
    commit = next(each for each in document["steps"] if each["kind"] == "commit_state")
    together = transfer["replay_contract"]["state_commit"] == "in the transaction of the data"
    assert together is bool(commit["transaction"])


@pytest.mark.parametrize("path", registry.native_paths(), ids=lambda path: path.name)
def test_every_claim_names_a_test_that_exists(path: Any) -> None:
    assert path.export and path.ingest
    for proof in path.proofs:
        file, _, name = proof.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), proof
