"""Starts `dponec` by fork from a process that has imported it once: the same code as a fresh process, without its start.

`python -m tests.faults.zygote` reads one JSON request a line and answers with one. It opens no connection and has no
thread, so a child is what a new process would be. Some tests start the installed command instead, to prove the point.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LONGEST = 60.0  # seconds that a run may last
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: `code` is negative when a signal ended it, as in subprocess."""

    code: int
    stdout: str
    stderr: str

    @property
    def outcome(self) -> dict[str, Any]:
        """The JSON document of `--format json`; {} when the process died before it."""
        found = json.loads(self.stdout) if self.stdout.strip() else {}
        return found if isinstance(found, dict) else {}

    def __str__(self) -> str:
        return f"exit {self.code}\nstdout: {self.stdout[-1500:]}\nstderr: {self.stderr[-1500:]}"


class Started:
    """A running `dponec`."""

    def __init__(self, zygote: Zygote, pid: int, folder: Path) -> None:
        self._zygote, self.pid, self._folder = zygote, pid, folder
        self._since = time.monotonic()
        self.ended: Ended | None = None

    def wait(self, timeout: float = 60.0) -> Ended:
        """Its end. Raises TimeoutError, having killed it."""
        if self.ended is None:
            code = self._zygote.ask(op="wait", pid=self.pid, timeout=timeout)["code"]
            if code is None:
                self.signal(signal.SIGKILL)
                self._zygote.ask(op="wait", pid=self.pid, timeout=10)
                raise TimeoutError(f"dponec did not end within {timeout} s: {self._text('err')}")
            self.ended = Ended(code, self._text("out"), self._text("err"))
        return self.ended

    def poll(self) -> Ended | None:
        """Its end, if it has come. Raises TimeoutError, having killed it, when it has run for a minute."""
        if self.ended is None:
            code = self._zygote.ask(op="wait", pid=self.pid, timeout=0.001)["code"]
            if code is not None:
                self.ended = Ended(code, self._text("out"), self._text("err"))
            elif time.monotonic() - self._since > _LONGEST:
                self.wait(0.01)
        return self.ended

    def signal(self, number: int) -> None:
        """Send a signal to it alone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8", errors="replace")


class Zygote:
    """The process that forks."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="dponec-zygote-")
        self._number = 0
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.faults.zygote"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, words: Sequence[str], env: Mapping[str, str], cwd: Path) -> Started:
        """Start `dponec words` in `cwd`."""
        self._number += 1
        folder = Path(self._scratch.name) / str(self._number)
        folder.mkdir()
        answer = self.ask(op="start", words=list(words), env=dict(env), cwd=str(cwd), out=str(folder))
        return Started(self, answer["pid"], folder)

    def ask(self, **request: Any) -> dict[str, Any]:
        """One request, one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process; its children have been waited for."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._scratch.cleanup()


def main() -> None:
    """Serve until the pipe closes."""
    _import_once()
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"pid": _fork(request)} if request["op"] == "start" else {"code": _wait(request)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _import_once() -> None:
    import dpone_compiler.cli.compile
    import dpone_compiler.cli.run
    import dpone_compiler.driver.compile
    import dpone_compiler.runtime.connections.clickhouse_http
    import dpone_compiler.runtime.connections.postgres  # noqa: F401


def _fork(request: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        _become(request)
        from dpone_compiler.cli.main import main as dponec

        try:
            dponec()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _become(request: Mapping[str, Any]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    for name, descriptor in (("out", 1), ("err", 2)):
        file = os.open(f"{request['out']}/{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    sys.argv = ["dponec", *request["words"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _wait(request: Mapping[str, Any]) -> int | None:
    deadline = time.monotonic() + request["timeout"]
    while time.monotonic() < deadline:
        pid, status = os.waitpid(request["pid"], os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    return None


if __name__ == "__main__":
    main()
