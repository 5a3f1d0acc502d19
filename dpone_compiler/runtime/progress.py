"""What a run tells while it runs. The runner calls a Listener; the terminal's bars live in the command line."""

from __future__ import annotations

import json
import sys
from typing import Any, Protocol


class Listener(Protocol):
    """Everything that can be watched. Counts are of this step so far."""

    def run_started(self, load: str, run_id: str, mode: str, why: str, steps: int) -> None: ...

    def step_started(self, step: str, purpose: str) -> None: ...

    def step_progress(self, step: str, rows: int, size: int, expected: int) -> None: ...

    def step_done(self, step: str, rows: int | None, seconds: float) -> None: ...

    def step_skipped(self, step: str, why: str) -> None: ...

    def retrying(self, step: str, message: str, wait: float) -> None: ...


class Quiet:
    """Says nothing."""

    def run_started(self, load: str, run_id: str, mode: str, why: str, steps: int) -> None:
        """Nothing."""

    def step_started(self, step: str, purpose: str) -> None:
        """Nothing."""

    def step_progress(self, step: str, rows: int, size: int, expected: int) -> None:
        """Nothing."""

    def step_done(self, step: str, rows: int | None, seconds: float) -> None:
        """Nothing."""

    def step_skipped(self, step: str, why: str) -> None:
        """Nothing."""

    def retrying(self, step: str, message: str, wait: float) -> None:
        """Nothing."""


class JsonEvents:
    """One JSON object a line on stderr, for machines that watch; the one document of the result goes to stdout."""

    def run_started(self, load: str, run_id: str, mode: str, why: str, steps: int) -> None:
        """The run knows what it will do."""
        _emit("run_started", load=load, run_id=run_id, mode=mode, why=why, steps=steps)

    def step_started(self, step: str, purpose: str) -> None:
        """A step begins."""
        _emit("step_started", step=step, purpose=purpose)

    def step_progress(self, step: str, rows: int, size: int, expected: int) -> None:
        """Rows pass."""
        _emit("step_progress", step=step, rows=rows, bytes=size, expected=expected)

    def step_done(self, step: str, rows: int | None, seconds: float) -> None:
        """A step has ended."""
        _emit("step_done", step=step, rows=rows, seconds=round(seconds, 3))

    def step_skipped(self, step: str, why: str) -> None:
        """A step was done before."""
        _emit("step_skipped", step=step, why=why)

    def retrying(self, step: str, message: str, wait: float) -> None:
        """A transient failure; the unit is repeated."""
        _emit("retrying", step=step, message=message, wait=wait)


def _emit(event: str, **values: Any) -> None:
    sys.stderr.write(json.dumps({"event": event, **values}, ensure_ascii=False) + "\n")
    sys.stderr.flush()
