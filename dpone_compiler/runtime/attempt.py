"""What this run knows of its attempt: new or continued, what is proved, and so which steps are to be skipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpone_compiler.artifacts.plan_doc import FROZEN, PlanDoc, StepDoc
from dpone_compiler.runtime.decide import Start, rank
from dpone_compiler.runtime.outcome import RefusedError

_ALWAYS = (
    "take_lease",
    "renew_lease",
    "read_state",
    "acquire_lease",
    "check_table",
    "open_attempt",
    "fence",
    "release_lease",
)


class Attempt:
    """Skips are decided here and nowhere else."""

    def __init__(self, doc: PlanDoc, from_step: str) -> None:
        self._doc = doc
        self._from = self._index(from_step)
        self._places = {step.id: index for index, step in enumerate(doc.steps)}
        self._record = next((step for step in doc.steps if step.kind == "record_staged"), None)
        self._commit = max((at for at, step in enumerate(doc.steps) if step.kind == "commit_state"), default=-1)
        self._start: Start | None = None
        self._staged: bool | None = None
        self.asks_guards = False
        self.leased = False

    @property
    def decided(self) -> bool:
        """Whether the state row has been read."""
        return self._start is not None

    @property
    def run_id(self) -> str:
        """'' until decided."""
        return self._start.run_id if self._start else ""

    @property
    def continued(self) -> bool:
        """Whether an earlier run's attempt is gone on with."""
        return self._start is not None and self._start.mode == "continue"

    def begin(self, start: Start) -> None:
        """Take the decision over."""
        self._start = start
        self.asks_guards = start.mode == "continue"
        if self._from and start.mode != "continue":
            raise RefusedError("DP415", "--from needs an unfinished run of this plan, and there is none")

    def skip(self, step: StepDoc, staged: Callable[[StepDoc], bool]) -> str:
        """Why the step is not to be run, or ''. `staged` asks the target whether staging is still there."""
        if self._start is None or step.kind in ("read_state", "acquire_lease"):
            return ""
        if self._start.mode != "continue":
            return ""
        reached = rank(self._start.phase)
        if step.kind in FROZEN and reached >= rank("open"):
            return "the attempt is open and its window frozen"
        # Also where no transaction holds them together: staging, which they read, may be half dropped by now.
        if reached >= rank("committed") and self._places[step.id] <= self._commit and step.kind != "check_table":
            return "the run is committed"
        if step.guard.phase and self._phase_reached(step.guard.phase, reached, staged):
            return f"phase {step.guard.phase} is reached"
        return self._before_from(step, reached)

    def plan(self, doc: PlanDoc) -> dict[str, Any]:
        """For a dry run: what would be run. Staging is taken to be there when the state row says so."""
        steps = [
            {"step": step.id, "purpose": step.purpose, "skip": self.skip(step, lambda _: True)} for step in doc.steps
        ]
        mode = {"mode": self._start.mode, "why": self._start.why} if self._start else {}
        return {**mode, "steps": steps}

    def _phase_reached(self, phase: str, reached: int, staged: Callable[[StepDoc], bool]) -> bool:
        if reached < rank(phase):
            return False
        if phase != "staged" or reached > rank("staged"):
            return True
        if self._staged is None:  # asked once: either all of staging is done again or none of it
            self._staged = self._record is None or not self._record.guard.file or staged(self._record)
        return self._staged

    def _before_from(self, step: StepDoc, reached: int) -> str:
        if self._places[step.id] >= self._from or step.kind in _ALWAYS or step.op == "lock":
            return ""
        if reached < rank("staged") and step.idempotency != "pure":
            message = f"--from skips step {step.id}, and the state row does not prove that it is done"
            raise RefusedError("DP415", message)
        return "it stands before --from"

    def _index(self, from_step: str) -> int:
        if not from_step:
            return 0
        for index, step in enumerate(self._doc.steps):
            if step.id == from_step:
                return index
        known = ", ".join(step.id for step in self._doc.steps)
        raise RefusedError("DP415", f"--from {from_step}: the plan has no such step (it has: {known})", exit_code=2)
