"""Measuring on a shared machine: contenders take turns, medians are compared, CPU seconds stand beside the wall clock."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """One execution: seconds on the wall, user+sys seconds of the processes, the largest resident set in MB, and extras."""

    wall: float
    cpu: float
    rss: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table. `limit` None: told, not judged. A share is a line of its own without a limit."""

    part: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def broken(self) -> bool:
        """True when the value is on the wrong side of its limit."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.at_least else self.value > self.limit


class BenchError(RuntimeError):
    """A contender did not do its work, so that its time says nothing."""


def execute(argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Sample:
    """Run a command to its end. Its CPU seconds include the children that it waited for."""
    started = time.perf_counter()
    with subprocess.Popen(argv, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise BenchError(f"{' '.join(argv)[:300]} ended with {process.returncode}\n{output.decode()[-2000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, {"output": output.decode()})


def shell(script: str, *, env: Mapping[str, str] | None = None) -> Sample:
    """Run a bash script with pipefail."""
    return execute(("bash", "-euo", "pipefail", "-c", script), env=env)


def interleave(
    contenders: Mapping[str, Callable[[], Sample]], rounds: int, *, warm: int = 0
) -> dict[str, list[Sample]]:
    """Each round runs all contenders, every other round in the opposite order; the first `warm` rounds are thrown away."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    for number in range(rounds + warm):
        names = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in names:
            sample = contenders[name]()
            if number >= warm:
                samples[name].append(sample)
    return samples


def wall(samples: Sequence[Sample]) -> float:
    """The median on the wall."""
    return median(sample.wall for sample in samples)


def cpu(samples: Sequence[Sample]) -> float:
    """The median of CPU seconds."""
    return median(sample.cpu for sample in samples)


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """The median of the ratios round by round: what disturbed a round disturbed both."""
    return median(of(one) / of(other) for one, other in zip(ours, theirs, strict=True))


def tree_cpu(pid: int) -> float:
    """CPU seconds of a server and of its children, those that ended included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    own = sum(int(ticks) for ticks in fields[11:15]) / TICK
    return own + sum(tree_cpu(int(child)) for child in children)
