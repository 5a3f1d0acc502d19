"""`dponec compile` of one manifest: cold against the libraries it cannot do without, unchanged against bare Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

from tests.bench.commands import BARE, DPONEC, LIBRARIES, PYTHON, ROOT, environment
from tests.bench.measure import BenchError, Line, Sample, cpu, execute, interleave, ratio, wall

_MANIFEST = "examples/orders_pg_to_pg.yaml"
_FORBIDDEN = ("sqlglot", "pydantic", "lark", "jinja2")


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """Medians of ten."""
    env = environment(scratch / "cache")
    cold = (DPONEC, "compile", _MANIFEST, "--no-cache", "-o", str(scratch / "cold"))
    warm = (DPONEC, "compile", _MANIFEST, "-o", str(scratch / "warm"))

    def run(*argv: str) -> Sample:
        return execute(argv, env=env, cwd=ROOT)

    contenders = {
        "bare": lambda: run(*BARE),
        "libraries": lambda: run(*LIBRARIES),
        "cold": lambda: run(*cold),
        "unchanged": lambda: run(*warm),
    }
    found = interleave(contenders, 5 if quick else 10, warm=1)
    listed = run(PYTHON, "-X", "importtime", *warm).extra["output"]
    if "current" not in listed:
        raise BenchError(f"the second compile was no cache hit: {listed[-300:]}")
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in listed.splitlines() if "|" in line}
    imported = sorted(set(_FORBIDDEN) & modules)
    times = ratio(found["cold"], found["libraries"], lambda sample: sample.wall)
    times_cpu = ratio(found["cold"], found["libraries"], lambda sample: sample.cpu)
    over = wall(found["unchanged"]) - wall(found["bare"])
    over_cpu = cpu(found["unchanged"]) - cpu(found["bare"])
    note = f"CPU {times_cpu:.2f} x; {_bytecode()}"
    yield from [
        Line("compile", "cold over import sqlglot, pydantic, yaml", times, "x", 1.6, note=note),
        Line("compile", "cold", wall(found["cold"]), "s", note=f"libraries {wall(found['libraries']):.3f} s"),
        Line("compile", "unchanged over python -c pass", over, "s", 0.15, note=f"CPU {over_cpu:.3f} s"),
        Line("compile", "parsers imported when unchanged", len(imported), "modules", 0, note=" ".join(imported)),
    ]


def _bytecode() -> str:
    """Which state is measured: `make venv` writes bytecode, and a checkout without it compiles every module at every start."""
    sources = list((ROOT / "dpone_compiler").rglob("*.py"))
    cached = [Path(cache_from_source(str(source))) for source in sources]
    fresh = sum(
        there.exists() and there.stat().st_mtime >= source.stat().st_mtime
        for source, there in zip(sources, cached, strict=True)
    )
    written = "not written" if os.environ.get("PYTHONDONTWRITEBYTECODE") else "written"
    return f"bytecode of {fresh} of {len(sources)} modules there, of others {written}"
