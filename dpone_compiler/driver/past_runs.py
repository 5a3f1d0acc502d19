"""The receipts of past runs. A module of its own, because a compile that asks for none would pay for the journal's readers."""

from __future__ import annotations

from pathlib import Path

from dpone_compiler.driver.past import Past, past_of
from dpone_compiler.runtime.history import list_runs
from dpone_compiler.runtime.receipt import read_receipt


def read_past(runs: Path) -> Past:
    """What a folder of runs shows, such as .dponec/runs. Raises OSError when it cannot be read."""
    return past_of(read_receipt(runs / each["run_id"]) for each in list_runs(runs))
