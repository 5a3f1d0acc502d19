"""`dponec --help` against bare Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.commands import BARE, DPONEC
from tests.bench.measure import Line, cpu, execute, interleave, wall


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """Medians of ten."""
    found = interleave(
        {"bare": lambda: execute(BARE), "help": lambda: execute((DPONEC, "--help"))}, 5 if quick else 10, warm=1
    )
    over, over_cpu = wall(found["help"]) - wall(found["bare"]), cpu(found["help"]) - cpu(found["bare"])
    yield from [
        Line("start", "dponec --help over python -c pass", over, "s", 0.1, note=f"CPU {over_cpu:.3f} s"),
        Line("start", "python -c pass", wall(found["bare"]), "s"),
    ]
