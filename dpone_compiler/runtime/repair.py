"""The runbook of a failed run: what to look at, in which order, and the exact commands. Only text: nothing is carried out.

A run that this machine has a journal of gets the stages of its own plan; any other id gets the general runbook, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.history import run_started
from dpone_compiler.runtime.outcome import RefusedError, command
from dpone_compiler.runtime.replay import STAGE_WORDS

# Before the finalizer nothing of the target has changed, so a run may be gone on with without a person's look.
_UNTOUCHED = ("open", "extract", "validate")


@dataclass(frozen=True, slots=True)
class RepairStep:
    """One step of a runbook; `command` None: nothing to type."""

    action: str
    description: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Runbook:
    """The steps in order; `commands`: first those that replay, then those that look. `known`: the journal has the run."""

    run_id: str
    known: bool
    safe_to_auto_resume: bool
    steps: tuple[RepairStep, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailedRun:
    """What is said of a failed run. `bundle` '': not known here."""

    run_id: str
    strategy: str
    failed_stage: str
    partitions: tuple[str, ...] = ()
    load: str = ""
    bundle: str = ""


def known_run(run_id: str, journals: Path) -> FailedRun | None:
    """The run as this machine's journal tells it, with the stage where it stopped; None without a journal."""
    started = run_started(journals, run_id)
    if not started:
        return None
    try:
        doc = load_bundle(Path(str(started.get("bundle", "")))).doc
    except RefusedError:
        return FailedRun(run_id, "", "", load=str(started.get("load", "")))
    return FailedRun(run_id, str(doc.decision.get("strategy", "")), "", load=doc.name, bundle=str(started["bundle"]))


def runbook(run: FailedRun, *, known: bool) -> Runbook:
    """The steps of a repair, the same for the same run."""
    stage = STAGE_WORDS.get(run.failed_stage, run.failed_stage)
    safe = stage in _UNTOUCHED and run.strategy != "partition_replace"
    again = _replay(run, stage)
    steps = (
        RepairStep(
            "inspect_run_artifacts",
            "read the run's journal and receipt: which step stopped, with which code, what was in by then",
            command("dponec", "runs", "show", run.run_id),
        ),
        RepairStep(
            "validate_staging_artifacts",
            "ask the target what it knows: phase, frozen window, rows staged, who holds the lease; and which staging is left",
            _state(run),
        ),
        again,
        RepairStep(
            "quality_reconcile",
            "the replay itself compares source, staging and target before it commits; a difference stops it",
        ),
        RepairStep(
            "commit_state_after_success",
            "the replay moves the watermark last, and only after that proof; nothing is to be set by hand",
        ),
    )
    shown = (again, *(step for step in steps if step is not again))
    return Runbook(run.run_id, known, safe, steps, tuple(step.command for step in shown if step.command))


def _state(run: FailedRun) -> str:
    words = ("dponec", "state", "show", run.load or run.bundle) if run.load or run.bundle else ()
    return command(*words) if words else command("dponec", "runs", "list", "--staging")


def _replay(run: FailedRun, stage: str) -> RepairStep:
    if run.strategy == "partition_replace" and (run.partitions or not run.bundle):
        listed: Sequence[str] = run.partitions or ("PARTITION",)
        words = [word for each in listed for word in ("--partition", each)]
        return RepairStep(
            "replay_partition_replace",
            "plan to read the affected partitions again and replace them from staging; add --yes to carry it out",
            command("dponec", "resync", "--run-id", run.run_id, *words),
        )
    return RepairStep(
        "resume_from_failed_stage",
        "plan to finish the run from the last stage that can be repeated, in its own window; add --yes to carry it out",
        command("dponec", "resume", run.run_id, "--from-stage", stage or "finalize"),
    )


def runbook_document(book: Runbook) -> Mapping[str, object]:
    """Plain data with the field names that users of dpone know."""
    return {
        "run_id": book.run_id,
        "known": book.known,
        "note": "" if book.known else "no such run: this is the general runbook",
        "safe_to_auto_resume": book.safe_to_auto_resume,
        "steps": [{"action": s.action, "description": s.description, "command": s.command} for s in book.steps],
        "commands": list(book.commands),
    }
