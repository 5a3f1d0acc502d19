"""Past runs as their folders tell: journals and receipts on this machine. The target's state row may know better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dpone_compiler.runtime.journal import read_journal
from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.receipt import read_receipt


def list_runs(runs: Path) -> list[dict[str, Any]]:
    """One line a run, oldest first."""
    folders = [folder for folder in runs.iterdir() if folder.is_dir()] if runs.is_dir() else []
    return sorted((_summary(folder) for folder in folders), key=lambda run: (run["started"], run["run_id"]))


def show_run(runs: Path, run_id: str) -> dict[str, Any]:
    """Everything that is known here of a run."""
    folder = runs / run_id
    events = list(read_journal(folder))
    if not events:
        raise no_such_run(run_id, runs, "`dponec state show LOAD` asks the target")
    return {**_summary(folder), "receipt": read_receipt(folder), "events": events}


def no_such_run(run_id: str, runs: Path, hint: str) -> RefusedError:
    """The refusal of an id that this machine has no journal of."""
    return RefusedError("DP418", f"no such run: {run_id} has no journal in {runs}; {hint}")


def run_started(runs: Path, run_id: str) -> dict[str, Any]:
    """The event that says which load and bundle a run was of; {} when the journal is gone."""
    found = [event for event in read_journal(runs / run_id) if event.get("event") == "run_started"]
    return found[-1] if found else {}


def _summary(folder: Path) -> dict[str, Any]:
    events = list(read_journal(folder))
    starts = [event for event in events if event.get("event") == "run_started"]
    last = events[-1] if events else {}
    ended = last.get("event") == "run_ended"
    started = starts[0] if starts else {}
    return {
        "run_id": folder.name,
        "load": str(started.get("load", "")),
        "bundle": str(started.get("bundle", "")),
        "started": str(started.get("at", "")),
        "attempts": len(starts),
        "status": last.get("status", "") if ended else "no end recorded (killed, or still running)",
        "last": last.get("step") or last.get("event", ""),
        "at": str(last.get("at", "")),
    }
