"""What to do about the target's state row: start, continue, or refuse. Pure: ADR 0003 is this function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from dpone_compiler.artifacts.plan_doc import PHASES, PlanDoc
from dpone_compiler.runtime.outcome import REFUSED, TRANSIENT, command
from dpone_compiler.runtime.window import same_window

_UNFINISHED = ("open", "staged", "committed")
_TRANSACTIONAL = ("postgres", "mssql")  # a failed attempt leaves nothing in the target there


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the caller wants. `resume`: finish that run id even though its lease has not run out."""

    bundle: str
    window: tuple[str, str] | None = None
    resume: str = ""
    locked: bool = False  # the local file lock of this target is ours
    partitions: str = ""  # a resync of these (a JSON list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Go on. `phase`: what is already proved ('idle' for a new run)."""

    run_id: str
    mode: str  # new | continue
    phase: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Stop here, having changed nothing."""

    code: str
    message: str
    exit_code: int
    next: str
    retryable: bool = False


def rank(phase: str) -> int:
    """The place of a phase in an attempt's life; an unknown or empty one counts as idle."""
    return PHASES.index(phase) if phase in PHASES else 0


def decide(row: Mapping[str, str], doc: PlanDoc, asked: Asked, new_run_id: str) -> Start | Refusal:
    """Read the row in the order that matters: who holds it, what is unfinished, what the target holds."""
    held = _lease(row, asked)
    if held is not None:
        return held
    phase = row.get("phase", "") or "idle"
    if row.get("elsewhere") == "1":
        return _elsewhere(doc, asked)
    if phase in _UNFINISHED and row.get("attempt_run_id"):
        return _unfinished(row, doc, asked, new_run_id)
    if asked.resume:
        message = f"run {asked.resume} is not unfinished (the load is {phase}); there is nothing to resume"
        return Refusal(code="DP418", message=message, exit_code=REFUSED, next=_run(asked))
    if phase == "idle" and row.get("target_empty") == "0" and row.get("adopted") != "1":
        message = "the target holds rows that dponec did not load; adopt them, saying up to where the source was read"
        adopt = command("dponec", "state", "adopt", doc.name, "--bundles", asked.bundle)
        return Refusal(code="DP411", message=message, exit_code=REFUSED, next=adopt)
    if asked.partitions and phase == "idle" and row.get("adopted") != "1":
        message = "the load was never run, so there is nothing to load again"
        return Refusal(code="DP429", message=message, exit_code=REFUSED, next=_run(asked))
    return Start(run_id=new_run_id, mode="new", phase="idle", why="no attempt is unfinished")


def _lease(row: Mapping[str, str], asked: Asked) -> Refusal | None:
    owner, alive = row.get("lease_owner", ""), row.get("lease_alive", "")
    seconds = _seconds(row.get("lease_seconds", ""))
    if not owner or seconds <= 0 or alive == "0":
        return None
    # Nobody knows whether such a holder lives. The file lock says that it is not on this host; `resume` that a person knows.
    same_attempt = owner == row.get("attempt_run_id", "")
    if alive == "" and same_attempt and (asked.locked or asked.resume == owner):
        return None
    message = f"run {owner} holds the lease of this load for another {seconds:.0f} s"
    return Refusal(code="DP413", message=message, exit_code=TRANSIENT, next=_run(asked), retryable=True)


def _elsewhere(doc: PlanDoc, asked: Asked) -> Refusal:
    message = (
        f"the state of load {doc.name} speaks of another source, cursor or target than this plan: rows before its watermark would "
        "never reach this target; give the load a name of its own, or adopt the target, saying up to where the source was read"
    )
    shown = command("dponec", "state", "show", doc.name, "--bundles", asked.bundle)
    return Refusal(code="DP448", message=message, exit_code=REFUSED, next=shown)


def _unfinished(row: Mapping[str, str], doc: PlanDoc, asked: Asked, new_run_id: str) -> Start | Refusal:
    phase, attempt = row["phase"], row["attempt_run_id"]
    if asked.resume and asked.resume != attempt:
        message = f"the unfinished run is {attempt}, not {asked.resume}"
        return Refusal(code="DP418", message=message, exit_code=REFUSED, next=_run(asked))
    exports = any(step.kind == "export_snapshot" for step in doc.steps)
    if exports and phase == "open" and not row.get("watermark"):
        why = f"run {attempt} stopped in its initial copy, whose snapshot went with it; nothing of it was applied"
        return Start(run_id=new_run_id, mode="new", phase="idle", why=why)
    if row.get("attempt_fingerprint", "") != doc.fingerprint:
        return _other_plan(row, doc, asked, new_run_id)
    frozen = (row.get("attempt_low", ""), row.get("attempt_high", ""))
    if asked.window is not None and not same_window(doc, asked.window, frozen):
        message = (
            f"run {attempt} is unfinished and its window is frozen; finish or abort it before another window is loaded"
        )
        return Refusal(code="DP414", message=message, exit_code=REFUSED, next=_run(asked))
    if asked.partitions and _listed(asked.partitions) != _listed(row.get("attempt_partitions", "")):
        message = f"run {attempt} is unfinished and loads other partitions again ({row.get('attempt_partitions', '')}); finish it first"
        return Refusal(code="DP414", message=message, exit_code=REFUSED, next=_resume(attempt))
    return Start(run_id=attempt, mode="continue", phase=phase, why=f"run {attempt} was left in phase {phase}")


def _other_plan(row: Mapping[str, str], doc: PlanDoc, asked: Asked, new_run_id: str) -> Start | Refusal:
    phase, attempt = row["phase"], row["attempt_run_id"]
    kin = _kin(row, doc, asked)
    if asked.resume:
        message = (
            f"run {attempt} was begun with other steps than this bundle's; finish it with the bundle that began it"
        )
        return Refusal(code="DP412", message=message, exit_code=REFUSED, next=kin or _run(asked))
    transactional = doc.state.get("engine", "") in _TRANSACTIONAL
    if phase != "staged" or transactional:
        what = "its data is in" if phase == "committed" else "nothing of it was applied"
        why = f"run {attempt} belongs to another version of the plan and {what}"
        return Start(run_id=new_run_id, mode="new", phase="idle", why=why)
    message = f"run {attempt} of another version of this plan may have changed some partitions; finish it with that bundle or abort it"
    abort = command("dponec", "runs", "abort", attempt, "--bundles", asked.bundle)
    return Refusal(code="DP412", message=message, exit_code=REFUSED, next=kin or abort)


def _kin(row: Mapping[str, str], doc: PlanDoc, asked: Asked) -> str:
    """What finishes the attempt when it is of the same bundle: a resync where a run was asked for, or the other way."""
    fingerprint = row.get("attempt_fingerprint", "")
    replay = doc.replay.get("resync") or {}
    if fingerprint and fingerprint == replay.get("fingerprint"):
        return _resume(row["attempt_run_id"])
    return _run(asked) if fingerprint and fingerprint == replay.get("main") else ""


def _resume(attempt: str) -> str:
    return command("dponec", "resume", attempt, "--from-stage", "extract", "--yes")


def _listed(text: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(json.loads(text or "[]")))
    except (ValueError, TypeError):
        return (text,)


def _run(asked: Asked) -> str:
    return command("dponec", "run", asked.bundle)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
