"""What may befall a run of these tests at a named point: it dies there, or something else happens meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dpone_compiler.runtime.faults import Faults


class Died(BaseException):
    """The end of a process, as far as one process can show it: no handler of the runtime knows it."""


class When(Faults):
    """Call something once, at a point of runtime/faults.py: before:STEP, before-commit:GROUP, after-commit:GROUP, …

    `time`: when the run comes by for the first time, or for a later one, as a backfill does with each slice.
    """

    def __init__(self, point: str, then: Callable[[], object], time: int = 1) -> None:
        super().__init__()
        self._where, self._then, self._left, self.landed = point, then, time, False

    def at(self, point: str, name: str) -> None:
        """Do it when it is time."""
        if f"{point}:{name}" == self._where and not self.landed:
            self._left -= 1
            if self._left == 0:
                self.landed = True
                self._then()


def death(point: str, time: int = 1) -> When:
    """The run ends there and says nothing."""

    def die() -> None:
        raise Died

    return When(point, die, time)


class Pause(When):
    """The run waits there until `go` is set; `there` is set when it has come."""

    def __init__(self, point: str) -> None:
        super().__init__(point, self._wait)
        self.there, self.go = threading.Event(), threading.Event()

    def _wait(self) -> None:
        self.there.set()
        assert self.go.wait(60), "nobody let the run go on"


class PauseAfterItem(Pause):
    """The run waits behind the first item of this step, whose list it has asked for already."""

    def rows(self, name: str, rows: int) -> None:
        """Wait when it is that item."""
        if (name, rows) == (self._where, 1):
            self._wait()
