"""A thousand manifests in one command: cold with two processes, and again with nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.commands import DPONEC, environment
from tests.bench.manifests import write_manifests
from tests.bench.measure import BenchError, Line, execute


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """CPU seconds are those of the command and of its worker processes."""
    count = 200 if quick else 1000
    write_manifests(scratch / "loads", count)
    env = environment(scratch / "cache")
    argv = (DPONEC, "compile", str(scratch / "loads"), "-o", str(scratch / "plans"), "-j", "2")
    cold = execute(argv, env=env)
    if len(list((scratch / "plans").iterdir())) != count:
        raise BenchError(cold.extra["output"][-2000:])
    again = min((execute(argv, env=env) for _ in range(3)), key=lambda sample: sample.cpu)
    if f"{count} bundles are current" not in again.extra["output"]:
        raise BenchError(again.extra["output"][-2000:])
    yield Line("many", f"{count} manifests cold, -j 2", count / cold.wall, "per s", note=f"CPU {cold.cpu:.1f} s")
    share, wall = again.cpu / cold.cpu, again.wall / cold.wall
    note = f"CPU {again.cpu:.2f} s; wall {wall:.3f} of cold"
    yield Line("many", "CPU of the second run, nothing changed, to the first", share, "x", 0.1, note=note)
