"""Starts run.sh of a lab's bundle, kills it in a unit, and runs it until it ends well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.lab import PASSWORD, Lab

HELD = 4  # another run holds the lease
_PATIENCE = 20.0  # seconds for a lease of two


def start(lab: Lab, home: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start run.sh of the bundle in a folder."""
    return subprocess.Popen(
        [str(lab.bundle / "run.sh")],
        cwd=home,
        env=lab.environ(**(env or {})),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(lab: Lab, home: Path) -> set[int]:
    """Run until it ends well; the codes on the way."""
    codes, deadline = set[int](), time.monotonic() + _PATIENCE
    while 0 not in codes:
        assert time.monotonic() < deadline, codes
        script = start(lab, home)
        told = script.communicate(timeout=60)[1]
        assert script.returncode in (0, HELD), told
        assert PASSWORD not in told
        codes.add(script.returncode)
        time.sleep(0.2 if script.returncode else 0)
    return codes


def begun(home: Path) -> Iterator[str]:
    """The units that the journals below a folder say were begun."""
    for journal in home.glob(".dponec/runs/*/journal.jsonl"):
        for line in journal.read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            if note["event"] == "begin":
                yield note["step"]


def killed_in(lab: Lab, home: Path, unit: str) -> None:
    """Kill the script alone when it has begun a unit: its client goes on, as a client does."""
    script = start(lab, home)
    while unit not in begun(home):
        assert script.poll() is None, f"it ended before {unit}"
        time.sleep(0.001)
    os.kill(script.pid, signal.SIGKILL)
    assert script.wait(10) == -signal.SIGKILL
