"""A backfill at run time: each slice is a run of its own, and one run follows the other until none is left.

Which slice comes next is asked of the target by every run, so nothing here has to be remembered between two of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.outcome import STOPPED, USAGE, RefusedError, RunOutcome, refused

LEFT = "slices_left"


class EverySliceLoaded(Exception):
    """The target has recorded every slice: the run has nothing to do."""


def takes_slices(doc: PlanDoc) -> bool:
    """Whether this plan is a backfill."""
    return any(step.kind == "next_slice" for step in doc.steps)


def run_slices(doc: PlanDoc, *, windowed: bool, run: Callable[[bool], tuple[RunOutcome, int | None]]) -> RunOutcome:
    """Run until no slice is left, or a run ends otherwise; rows and seconds of all of them in one outcome.

    `run` is told whether it is the first, and gives its outcome and how many slices are left: 0 also when it did not end well,
    None when it did not ask. `windowed`: a window was given.
    """
    if windowed:
        message = "a backfill takes its own slices, so it loads no other window; run the load itself with --window"
        return refused(RefusedError("DP415", message, exit_code=USAGE), load=doc.name)
    outcome, left = run(True)
    rows, seconds = outcome.rows, outcome.seconds
    while left != 0:
        before = left
        outcome, left = run(False)
        rows, seconds = rows + outcome.rows, seconds + outcome.seconds
        if before is not None and left is not None and left >= before:
            message = "a slice was loaded and recorded, and the target does not know it"
            return refused(RefusedError("DP511", message, exit_code=STOPPED), load=doc.name, run_id=outcome.run_id)
    return replace(outcome, rows=rows, seconds=round(seconds, 3))
