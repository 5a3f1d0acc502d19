"""Two runs of one load: a second one in the middle of the first, and a first one that sleeps until another has taken its lease."""

from __future__ import annotations

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.verify.crashes import HELD, until_free
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.meaning.asked import Rows
from dpone_compiler.verify.play import difference

TOKEN, LOCK = "fencing token", "advisory lock"
"""Words of a contract that promise what is tried here."""
STOPPED = "DP410"


def fences_of(doc: PlanDoc) -> tuple[str, ...]:
    """The steps at which a run that lost its lease must be stopped."""
    return tuple(step.id for step in doc.steps if step.kind in ("fence", "renew_lease"))


class Rival(Faults):
    """Starts a second run when the first is about to note that its staging is proved: `ended`.

    `unlocked`: when the state was about to move, the advisory lock of the target was free; None: the run did not come there.
    """

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab
        self.ended: RunOutcome | None = None
        self.unlocked: bool | None = None
        self._steps = {step.kind: step.id for step in lab.bundle.doc.steps}

    def at(self, point: str, name: str) -> None:
        """The runner passes a point."""
        if (point, name) == ("before", self._steps["record_staged"]) and self.ended is None:
            self.ended = self._lab.run()
        elif (point, name) == ("before", self._steps["commit_state"]):
            self.unlocked = self._lab.lock_is_free()

    def wrong(self, promise: str) -> str:
        """What the contract's promise says otherwise; '' when it was kept."""
        if self.ended is None or self.ended.code != HELD:
            told = "never began" if self.ended is None else f"ended with {self.ended.exit_code} {self.ended.code}"
            return f"a second run at once {told}"
        if LOCK in promise and self.unlocked is not False:
            return "the target's advisory lock was free when the state was about to move"
        return ""


class Sleeping:
    """Runs a load that falls asleep before `step`: its lease runs out, another run does the load, and the first wakes up.

    The outcome is that of the other run. `ended`: how the first one ended; `changed`: whether anything was otherwise afterwards.
    """

    def __init__(self, step: str) -> None:
        self._step = step
        self.ended: RunOutcome | None = None
        self.changed = False

    def __call__(self, lab: Lab) -> RunOutcome:
        """Both runs."""
        sleep = _Sleep(lab, self._step)
        self.ended = lab.run(faults=sleep)
        if sleep.other is None:
            return self.ended
        self.changed = lab.state() != sleep.state or any(difference(sleep.target, lab.rows()))
        return sleep.other

    def wrong(self) -> str:
        """What the first run may not have done; '' when its token stopped it."""
        assert self.ended is not None
        ended = f"{self.ended.exit_code} {self.ended.code} at {self.ended.step}" if self.ended.exit_code else "0"
        story = f"a run slept before {self._step}, another took its lease and finished, and then the first one"
        if (self.ended.code, self.ended.step) != (STOPPED, self._step):
            return f"{story} ended with {ended}: its fencing token had to stop it there ({STOPPED})"
        return f"{story} changed the target or the state row" if self.changed else ""


class _Sleep(Faults):
    """`other`: how the other run ended; `target` and `state`: what it left behind."""

    def __init__(self, lab: Lab, step: str) -> None:
        super().__init__()
        self._lab, self._step = lab, step
        self.other: RunOutcome | None = None
        self.target: Rows = ()
        self.state: dict[str, str | None] = {}

    def at(self, point: str, name: str) -> None:
        """The runner passes a point."""
        if (point, name) == ("before", self._step) and self.other is None:
            self.other = until_free(self._another)
            self.target, self.state = self._lab.rows(), self._lab.state()

    def _another(self) -> RunOutcome:
        self._lab.expire_leases()  # each time: a beat of the sleeper may have come in between
        return self._lab.run(elsewhere=True)
