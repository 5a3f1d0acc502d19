"""The two interpreters of a plan, called alike."""

from __future__ import annotations

import subprocess

from tests.faults.lab import PASSWORD, Lab

EXECUTORS = ("dponec run", "run.sh")


def run_by(lab: Lab, executor: str, **env: str) -> tuple[int, str]:
    """Exit code, and what was said."""
    if executor == "dponec run":
        ended = lab.run(env=env)
        return (
            ended.code,
            f"{ended.outcome.get('step')}: {ended.outcome.get('code')}: {ended.outcome.get('message')}\n{ended}",
        )
    done = subprocess.run(
        [str(lab.bundle / "run.sh")], cwd=lab.home, env=lab.environ(**env), capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert PASSWORD not in done.stdout + done.stderr
    return done.returncode, done.stderr
