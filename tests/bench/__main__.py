"""The command: choose parts, print the table, write build/bench.json, exit 1 when a limit is broken."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tests.bench.measure import BenchError, Line

PARTS = ("start", "compile", "many", "transfer", "merge", "memory", "cost")
RESULT = Path("build") / "bench.json"


def main() -> int:
    """Measure and tell."""
    options = _arguments()
    parts = PARTS if "all" in options.parts or not options.parts else tuple(p for p in PARTS if p in options.parts)
    if options.quick and options.parts in ([], ["all"]):
        parts = tuple(part for part in parts if part != "memory")
    lines: list[Line] = []
    failed = False
    for part in parts:
        measure: Callable[[Path, bool], Iterable[Line]] = import_module(f"tests.bench.part_{part}").measure
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix=f"dponec-bench-{part}-") as scratch:
            os.chmod(scratch, 0o755)
            try:
                for line in measure(Path(scratch), options.quick):
                    _print(line)
                    lines.append(line)
            except BenchError as error:
                print(f"{part}: {error}", file=sys.stderr)
                failed = True
        print(f"    ({part} took {time.perf_counter() - started:.0f} s)", flush=True)
    _write(lines, quick=options.quick)
    broken = [line for line in lines if line.broken]
    print(f"{len(lines)} lines, {len(broken)} beyond their limit; {RESULT}")
    return 1 if broken or failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=("all", *PARTS), default=[], metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds and rows, and no memory part")
    return parser.parse_args()


def _print(line: Line) -> None:
    limit = ""
    if line.limit is not None:
        limit = f"{'>=' if line.at_least else '<='} {line.limit:g} " + ("BROKEN" if line.broken else "ok")
    text = f"{line.part:9} {line.name:58} {_number(line.value):>10} {line.unit:7} {limit:15} {line.note}"
    print(text.rstrip(), flush=True)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _write(lines: list[Line], *, quick: bool) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    document = {
        "at": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "lines": [{**asdict(line), "broken": line.broken} for line in lines],
    }
    RESULT.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
