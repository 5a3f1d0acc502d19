"""Progress on a terminal: one bar a transfer with rows, bytes, rows/s and the time left. Nothing elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dpone_compiler.runtime.progress import JsonEvents, Listener, Quiet

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Terminal:
    """A Listener that draws with rich on stderr. Use it in `with`."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._bars: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def run_started(self, load: str, run_id: str, mode: str, why: str, steps: int) -> None:
        """Name the run."""
        self._say(f"{load}: {mode} run {run_id} ({why})")

    def step_started(self, step: str, purpose: str) -> None:
        """A line of its own for the step that runs."""
        self._task = self._bars.add_task(step, total=None, counts="")

    def step_progress(self, step: str, rows: int, size: int, expected: int) -> None:
        """Move the bar."""
        if self._task is None:
            return
        elapsed = self._bars.tasks[-1].elapsed or 0.0
        rate = f" · {rows / elapsed:,.0f} rows/s" if elapsed > 0 else ""
        bytes_ = f" · {size / 1e6:,.1f} MB" if size else ""
        self._bars.update(self._task, completed=rows, total=expected or None, counts=f"{rows:,} rows{bytes_}{rate}")

    def step_done(self, step: str, rows: int | None, seconds: float) -> None:
        """Leave one line."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        counted = "" if rows is None else f"  {rows:,} rows"
        self._say(f"  done  {step}{counted}  {seconds:.2f} s")

    def step_skipped(self, step: str, why: str) -> None:
        """Leave one line."""
        self._say(f"  skip  {step}  ({why})")

    def retrying(self, step: str, message: str, wait: float) -> None:
        """Leave one line."""
        self._say(f"  again {step} in {wait:g} s: {message}")

    def _say(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)


def listener(output: str) -> Listener | Terminal:
    """JSON lines with `--format json`, bars on a terminal, otherwise nothing."""
    if output == "json":
        return JsonEvents()
    return Terminal() if sys.stderr.isatty() else Quiet()
