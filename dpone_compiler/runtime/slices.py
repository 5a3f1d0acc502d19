"""A backfill at run time: each slice is a run of its own, and one run follows the other until none is left.

Which slice comes next is asked of the target by every run, so nothing here has to be remembered between two of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import STOPPED, RefusedError, RunOutcome, refused

LEFT = "slices_left"


class EverySliceLoaded(Exception):
    """The target has recorded every slice: the run has nothing to do."""


def takes_slices(doc: PlanDoc) -> bool:
    """Whether this plan is a backfill."""
    return any(step.kind == "next_slice" for step in doc.steps)


def run_slices(options: RunOptions, run: Callable[[RunOptions], tuple[RunOutcome, int | None]]) -> RunOutcome:
    """Run until no slice is left, or a run ends otherwise; rows and seconds of all of them in one outcome.

    `run` gives its outcome and how many slices are left: 0 also when it did not end well, None when it did not ask.
    """
    outcome, left = run(options)
    rows, seconds = outcome.rows, outcome.seconds
    later = replace(options, from_step="", resume="")  # what was asked of an unfinished run is done by the first one
    while left != 0:
        before = left
        outcome, left = run(later)
        rows, seconds = rows + outcome.rows, seconds + outcome.seconds
        if before is not None and left is not None and left >= before:
            message = "a slice was loaded and recorded, and the target does not know it"
            error = RefusedError("DP511", message, exit_code=STOPPED)
            return refused(error, load=outcome.load, run_id=outcome.run_id)
    return replace(outcome, rows=rows, seconds=round(seconds, 3))
