"""Resume and resync: first a plan that people read, then the same steps carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.bundle import folder_name, sha256
from dpone_compiler.artifacts.plan_codec import UnreadablePlanError, canonical_json, decode_plan, encode_plan
from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.outcome import RefusedError, command

FORMAT = "dponec.replay/1"
# Other words for the stages that plan.json names.
STAGE_WORDS = {"stage": "extract", "prove": "validate", "apply": "finalize", "state": "commit_state"}
# Stages of their own only where they are no part of the finalizer's transaction.
_INSIDE = ("reconcile", "commit_state")


def step_of_stage(doc: PlanDoc, stage: str) -> str:
    """The step where a stage begins: a step's id as it is, else the first step of the stage as plan.json lists it."""
    if any(step.id == stage for step in doc.steps):
        return stage
    stages = (doc.replay.get("resume") or {}).get("stages") or {}
    word = STAGE_WORDS.get(stage, stage)
    found = stages.get(word) or (stages.get("finalize") if word in _INSIDE else None)
    if found is None:
        known = ", ".join((*stages, *(step.id for step in doc.steps)))
        raise RefusedError("DP415", f"--from-stage {stage}: no such stage or step (there are: {known})", exit_code=2)
    return str(found["steps"][0])


def sequence_of(bundle: LoadedBundle, fingerprint: str) -> LoadedBundle:
    """The bundle with the steps that a run of this fingerprint was begun with."""
    resync = bundle.doc.replay.get("resync") or {}
    return resync_bundle(bundle) if fingerprint and fingerprint == resync.get("fingerprint") else bundle


def resync_bundle(bundle: LoadedBundle) -> LoadedBundle:
    """The bundle with its resync sequence in place of its steps."""
    sequence = bundle.doc.replay.get("resync") or {}
    if not sequence.get("steps"):
        instead = sequence.get("instead") or ()
        shown = " and ".join(f"`{line}`".replace("BUNDLE", str(bundle.folder)) for line in instead)
        why = sequence.get("why") or "its strategy is not by partition"
        hint = f"; instead: {shown}" if shown else ""
        raise RefusedError("DP429", f"{bundle.doc.name} cannot be loaded again by partition: {why}{hint}")
    raw: dict[str, Any] = json.loads(encode_plan(bundle.doc))
    raw["steps"] = sequence["steps"]
    raw["params"] = sequence.get("params") or raw["params"]
    # An attempt of its own: a run of the main plan does not go on with it. `main` is for the refusal that names the way on.
    raw["fingerprint"] = sequence.get("fingerprint") or raw["fingerprint"]
    raw["replay"]["resync"] = {"main": bundle.doc.fingerprint}
    raw["replay"]["resume"] = {"stages": sequence.get("stages") or {}}
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


def general_plan(
    action: str, run_id: str, *, sink: str, strategy: str, stage: str, partitions: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The replay of a run that this machine knows nothing of: the sequence that holds for every sink, and no step of a bundle.

    It can never be carried out: a finalizer is compiled from a load, and there is none here.
    """
    words = ("resume", run_id, "--from-stage", stage) if action == "resume" else ("resync", "--run-id", run_id)
    listed = [word for each in partitions for word in ("--partition", each)]
    return {
        "format": FORMAT,
        "action": action,
        "load": "",
        "run_id": run_id,
        "fingerprint": "",
        "note": "no such run on this machine: the general sequence, no plan was read",
        "sink_type": sink,
        "strategy": strategy,
        "failed_stage": stage,
        "mode": "plan",
        "status": "planned",
        "executed": False,
        "state_committed": False,
        "partitions": list(partitions),
        "operations": [
            {"step": name, "kind": name, "purpose": purpose, "file": ""} for name, purpose in _general(sink, strategy)
        ],
        "commands": [command("dponec", *words, *listed, "--bundle", "BUNDLE", "--yes")],
    }


def _general(sink: str, strategy: str) -> tuple[tuple[str, str], ...]:
    """Staging is proved first, reconciliation comes before the state, and the state is last."""
    change = (
        ("produce_replay_events", "produce the staged rows again as keyed events; nothing of the log is replaced")
        if sink == "kafka"
        else ("execute_finalizer", f"{strategy or 'the strategy'} again from the proved staging, whole or not at all")
    )
    return (
        ("validate_staging", "staging holds the rows that were recorded, else it is filled again"),
        change,
        ("reconcile", "compare the target with staging; a difference stops here"),
        ("commit_state", "move the watermark, after that proof only"),
    )


def write_artifact(folder: Path, artifact: Mapping[str, Any]) -> Path:
    """Record a replay. The name carries the content's digest, so that no artifact is ever overwritten by another."""
    folder.mkdir(parents=True, exist_ok=True)
    text = canonical_json(dict(artifact))
    path = folder / f"{artifact['action']}_{folder_name(str(artifact['run_id']))}_{sha256(text)[:12]}.json"
    path.write_text(text, encoding="utf-8")
    return path


def steps_from(doc: PlanDoc, step_id: str) -> tuple[StepDoc, ...]:
    """The steps from one on."""
    ids = [step.id for step in doc.steps]
    return doc.steps[ids.index(step_id) :]
