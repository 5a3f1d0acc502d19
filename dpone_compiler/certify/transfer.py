"""Evidence of one native transfer: the plan, the journal and the receipt of a run, bound to each other, with their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.certify.items import Item, read_item
from dpone_compiler.runtime.journal import NAME as JOURNAL
from dpone_compiler.runtime.journal import read_journal
from dpone_compiler.runtime.receipt import NAME as RECEIPT

SCHEMA = "dponec.native_transfer.evidence/1"
# The kinds of steps of which one must be in the receipt for a check of the plan's evidence contract to have been made.
_CHECKED_BY = {
    "rows_sent_equal_rows_staged": ("check_staged_rows", "check_changes"),
    "rows_staged_equal_rows_applied": ("reconcile",),
    "keys_both_ways": ("reconcile",),
    "every_value": ("reconcile",),
    "whole_target": ("reconcile",),
}


def transfer_evidence(doc: PlanDoc, bundle: Path, run: Path) -> dict[str, Any]:
    """The index of the evidence that the plan's contract asks for. `run`: the folder of the run's journal and receipt."""
    items = {"plan.json": read_item(bundle / "plan.json"), RECEIPT: read_item(run / RECEIPT)}
    contract = doc.native_transfer_plan["evidence_contract"]
    checks = contract["required_checks"]
    blockers = list(_blockers(doc, items, run, checks))
    return {
        "schema_version": SCHEMA,
        "load": doc.name,
        "run_id": items[RECEIPT].content.get("run_id", ""),
        "fingerprint": doc.fingerprint,
        "fast_path_id": doc.native_transfer_plan["fast_path_id"],
        "passed": not blockers,
        "blockers": blockers,
        "required_checks": list(checks),
        "round_trip_tests": list(contract["round_trip_tests"]),
        "artifacts": [
            _artifact(name, bundle if name == "plan.json" else run) for name in contract["required_artifacts"]
        ],
    }


def _artifact(name: str, folder: Path) -> dict[str, Any]:
    path = folder / name
    data = path.read_bytes() if path.is_file() else b""
    return {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest() if data else ""}


def _blockers(doc: PlanDoc, items: Mapping[str, Item], run: Path, checks: list[str]) -> Iterator[str]:
    for name, item in items.items():
        if item.problem:
            yield f"{name}: {item.problem}"
    receipt = items[RECEIPT].content
    told = receipt.get("plan") or {}
    if receipt and told.get("fingerprint") != doc.fingerprint:
        yield f"{RECEIPT}: stale, it is the receipt of another plan"
    events = list(read_journal(run))
    if not events:
        yield f"{JOURNAL}: it is empty or not there"
        return
    started = {str(event.get("run_id")) for event in events if event.get("event") == "run_started"}
    if receipt and started != {str(receipt.get("run_id"))}:
        yield f"{JOURNAL}: it is the journal of another run"
    if events[-1].get("event") != "run_ended" or events[-1].get("status") != "done":
        yield f"{JOURNAL}: the run did not end well"
    kinds = {str(step.get("kind")) for step in receipt.get("steps", ())}
    for check in checks:
        if not kinds & set(_CHECKED_BY.get(check, ())):
            yield f"{check}: no step of the run made this check"


def transfer_markdown(document: Mapping[str, Any]) -> str:
    """For people."""
    verdict = "passed" if document["passed"] else "failed"
    lines = [f"# Native transfer evidence of {document['load']}: {verdict}", ""]
    lines += [f"Run {document['run_id']}, plan {document['fingerprint']}, path {document['fast_path_id']}.", ""]
    lines += [f"- checked: {each}" for each in document["required_checks"]]
    lines += ["", "| artifact | bytes | sha256 |", "| --- | ---: | --- |"]
    lines += [f"| {a['name']} | {a['bytes']} | `{a['sha256']}` |" for a in document["artifacts"]]
    return "\n".join(lines) + "\n"
