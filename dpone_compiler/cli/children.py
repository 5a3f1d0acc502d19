"""Bundles in processes of their own, several at a time, and what a signal does to them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dpone_compiler.runtime.outcome import BUG, SIGNALLED, RunOutcome, command
from dpone_compiler.runtime.signals import handled

_CHILD = "from dpone_compiler.cli.main import main; main()"


class Children(contextlib.AbstractContextManager["Children"]):
    """While it is entered, a signal goes to every child, which ends by itself, and no other is started.

    Each child has a session of its own, so that a signal of the terminal reaches it once, through us.
    """

    def __init__(self) -> None:
        self._alive: set[int] = set()
        self._signal = 0
        self._handled = handled(self._pass_on)

    def __enter__(self) -> Children:
        self._handled.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._handled.__exit__(None, None, None)

    def run(self, folder: Path, words: Sequence[str]) -> RunOutcome:
        """Run one bundle and read its outcome; called from any thread."""
        if self._signal:
            return _interrupted(folder, self._signal)
        argv = (sys.executable, "-c", _CHILD, "run", str(folder), *words, "--format", "json")
        with subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            self._alive.add(process.pid)
            if self._signal:  # it came before the child was known
                _send(process.pid, self._signal)
            try:
                said, complained = process.communicate()
            finally:
                self._alive.discard(process.pid)
        return _outcome(folder, said, complained, process.returncode)

    def _pass_on(self, signum: int) -> None:
        self._signal = signum
        for pid in tuple(self._alive):
            _send(pid, signum)


def _send(pid: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, signum)


def _outcome(folder: Path, said: str, complained: str, returncode: int) -> RunOutcome:
    try:
        values = json.loads(said)
        values.pop("event")
        return RunOutcome(**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        code = SIGNALLED - returncode if returncode < 0 else returncode or BUG
        message = (complained.strip().splitlines() or ["no outcome"])[-1]
        return RunOutcome(exit_code=code, status="stopped", code="DP426", message=message, load=folder.name)


def _interrupted(folder: Path, signum: int) -> RunOutcome:
    return RunOutcome(
        exit_code=SIGNALLED + signum,
        status="interrupted",
        code="DP426",
        message="interrupted before it was started",
        retryable=True,
        next=command("dponec", "run", str(folder)),
        load=folder.name,
    )
