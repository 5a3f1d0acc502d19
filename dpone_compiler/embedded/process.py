"""One server process: started in a session of its own, waited for until ready, stopped, killed, guarded.

A guard is a small shell that waits on a pipe which only we hold: when we die, in whatever way, it stops the server.
The kernel's parent-death signal would not do: it fires when the starting *thread* ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dpone_compiler.embedded.account import Account
from dpone_compiler.embedded.host import children_of, runs

_GUARD = 'read -r _; kill -s "$1" -- "$2"; shift 2; sleep 1; [ $# -eq 0 ] || rm -rf -- "$@"'


class EngineError(RuntimeError):
    """An embedded engine did not start or did not stop."""


class PortTaken(EngineError):
    """Another process took the port between our choice and the server's start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to start a server and how to see that it is ready."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    ready: Callable[[int], bool]  # asked with the process id
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    guard_signal: signal.Signals = signal.SIGKILL
    scratch: tuple[Path, ...] = ()
    timeout: float = 60.0


class ServerProcess:
    """A running server."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._log_start = recipe.log.stat().st_size if recipe.log.exists() else 0
        self._child = self._spawn()
        self._guard = self._start_guard()
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._child.poll() is None

    def stop(self, timeout: float = 30.0) -> None:
        """Ask the server to end; kill it when it does not."""
        self._dismiss_guard()
        if self.alive:
            self._child.send_signal(self.recipe.stop_signal)
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server and its children at once, as a crash of the machine would."""
        self._dismiss_guard()
        doomed = [self.pid, *children_of(self.pid)] if self.alive else []
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._child.wait()
        deadline = time.monotonic() + 10
        while any(runs(pid) for pid in doomed[1:]) and time.monotonic() < deadline:
            time.sleep(0.005)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that this start of the server wrote."""
        with self.recipe.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    def _spawn(self) -> subprocess.Popen[bytes]:
        account = self.recipe.account
        identity = account.as_popen() if account else {}
        with self.recipe.log.open("ab") as log:
            return subprocess.Popen(
                self.recipe.argv,
                cwd=self.recipe.cwd,
                env=dict(self.recipe.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **identity,
            )

    def _start_guard(self) -> subprocess.Popen[bytes]:
        scratch = tuple(map(str, self.recipe.scratch))
        name = self.recipe.guard_signal.name.removeprefix("SIG")
        argv = ("sh", "-c", _GUARD, "guard", name, str(self.pid), *scratch)
        return subprocess.Popen(
            argv,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _dismiss_guard(self) -> None:
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin:
            self._guard.stdin.close()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.recipe.timeout
        while not self.recipe.ready(self.pid):
            if not self.alive:
                tail = self.log_tail()
                kind = PortTaken if "already in use" in tail else EngineError
                raise kind(f"{self.recipe.name} ended with code {self._child.returncode} at its start:\n{tail}")
            if time.monotonic() > deadline:
                raise EngineError(f"{self.recipe.name} was not ready in {self.recipe.timeout} s:\n{self.log_tail()}")
            time.sleep(0.01)
