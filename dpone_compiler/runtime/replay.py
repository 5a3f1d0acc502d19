"""Resume and resync: first a plan that people read, then the same steps carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.plan_codec import UnreadablePlanError, canonical_json, decode_plan, encode_plan
from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.outcome import RefusedError, command

FORMAT = "dponec.replay/1"
# What people call the parts of a run, and the step kinds that begin them.
_STAGES = {
    "extract": ("create_staging", "fingerprint_source", "transfer"),
    "stage": ("create_staging", "transfer"),
    "validate": ("check_staged_rows", "check_null_keys", "check_duplicate_keys"),
    "apply": (
        "delete_all",
        "delete_matching",
        "delete_partitions",
        "update_matching",
        "insert_staged",
        "build_rewrite",
    ),
    "finalize": ("exchange_tables", "move_partitions", "replace_partitions", "commit_state"),
    "reconcile": ("reconcile",),
    "state": ("commit_state",),
    "cleanup": ("drop_staging", "release_lease"),
}


def step_of_stage(doc: PlanDoc, stage: str) -> str:
    """The step where a stage begins: a step's id as it is, else the first step of the stage's kinds, at its transaction's start."""
    if any(step.id == stage for step in doc.steps):
        return stage
    kinds = _STAGES.get(stage)
    if kinds is None:
        known = ", ".join((*_STAGES, *(step.id for step in doc.steps)))
        raise RefusedError("DP415", f"--from-stage {stage}: no such stage or step (there are: {known})", exit_code=2)
    found = next((step for step in doc.steps if step.kind in kinds), None)
    if found is None:
        raise RefusedError("DP415", f"this plan has no stage {stage}")
    return _start_of_transaction(doc, found).id


def resync_bundle(bundle: LoadedBundle) -> LoadedBundle:
    """The bundle with its resync sequence in place of its steps."""
    sequence = bundle.doc.replay.get("resync")
    if not isinstance(sequence, Mapping) or not sequence.get("steps"):
        raise RefusedError(
            "DP429", f"the plan of {bundle.doc.name} has no resync sequence (its strategy is not by partition)"
        )
    raw: dict[str, Any] = json.loads(encode_plan(bundle.doc))
    raw["steps"] = sequence["steps"]
    raw["params"] = sequence.get("params") or raw["params"]
    try:
        doc = decode_plan(json.dumps(raw))
    except UnreadablePlanError as error:
        raise RefusedError("DP702", f"replay.resync: {error}") from None
    return replace(bundle, doc=doc)


def replay_plan(
    action: str, bundle: LoadedBundle, run_id: str, steps: tuple[StepDoc, ...], *, partitions: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What would be done, and the command that does it. Nothing here says that anything was done."""
    words = [
        "dponec",
        action,
        *((run_id,) if action == "resume" else ("--run-id", run_id)),
        "--bundle",
        str(bundle.folder),
    ]
    for partition in partitions:
        words += ["--partition", partition]
    if action == "resume" and steps:
        words += ["--from-stage", steps[0].id]
    return {
        "format": FORMAT,
        "action": action,
        "load": bundle.doc.name,
        "run_id": run_id,
        "fingerprint": bundle.doc.fingerprint,
        "mode": "plan",
        "status": "planned",
        "executed": False,
        "state_committed": False,
        "partitions": list(partitions),
        "operations": [
            {"step": step.id, "kind": step.kind, "purpose": step.purpose, "file": step.file} for step in steps
        ],
        "commands": [command(*words, "--yes")],
    }


def write_artifact(folder: Path, artifact: Mapping[str, Any]) -> Path:
    """Record an approved replay for somebody else to carry out."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{artifact['action']}_{artifact['run_id']}.json"
    path.write_text(canonical_json(dict(artifact)), encoding="utf-8")
    return path


def steps_from(doc: PlanDoc, step_id: str) -> tuple[StepDoc, ...]:
    """The steps from one on."""
    ids = [step.id for step in doc.steps]
    return doc.steps[ids.index(step_id) :]


def _start_of_transaction(doc: PlanDoc, step: StepDoc) -> StepDoc:
    if not step.transaction:
        return step
    return next(other for other in doc.steps if other.transaction == step.transaction)
