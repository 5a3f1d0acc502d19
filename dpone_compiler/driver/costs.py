"""The cost model's view for people and for JSON: a table of ways, what was assumed, what a load lacks, and where the order turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from dpone_compiler.cost.compare import way_name
from dpone_compiler.cost.turns import Turn
from dpone_compiler.spi.cost import Costing, Estimate

_UNITS = ("B", "kB", "MB", "GB", "TB")
_HEAD = ("way", "time", "read and moved", "written", "rewritten", "log", "peak staging", "lock")


def cost_table(costing: Costing) -> Iterator[str]:
    """Markdown; without a table where nothing is estimated. What the model does not say stands under its code."""
    if costing.known:
        yield f"| {' | '.join(_HEAD)} |"
        yield f"|{' --- |' * len(_HEAD)}"
        yield from (f"| {' | '.join(_cells(each))} |" for each in costing.estimates if not each.needs)
        yield ""
    yield from (f"- `{each.code}`: {each.message}" for each in costing.silent)
    yield from (f"- seconds: {each}" for each in (costing.constants,) if each)
    yield from (f"- assumed: {each}" for each in costing.assumed)
    yield from (f"- {each}" for each in counterfactuals(costing))


def _cells(each: Estimate) -> tuple[str, ...]:
    volumes = (each.moved, each.written, each.rewritten, each.log, each.staging)
    held = "" if not each.lock_seconds else f" ({_seconds(each.lock_seconds)})"
    return (way_name(each), _seconds(each.seconds), *map(_size, volumes), f"{each.lock}{held}")


def counterfactuals(costing: Costing) -> Iterator[str]:
    """What other ways would take, if the load had what they need."""
    for each in costing.estimates:
        if each.needs and each.seconds is not None:
            yield f"not possible here: {way_name(each)}, {_seconds(each.seconds)}: {each.needs}"


def turn_lines(turns: Sequence[Turn]) -> Iterator[str]:
    """`above 11.2 % changed: partition_replace; below: incremental_merge by upsert`."""
    for each in turns:
        yield f"above {each.changed:.1%} changed: {each.above}; below: {each.below}"


def cost_document(costing: Costing, turns: Sequence[Turn]) -> dict[str, Any]:
    """Plain data, seconds and bytes."""
    return {
        "known": costing.known,
        "estimates": [asdict(each) for each in costing.estimates],
        "assumed": list(costing.assumed),
        "silent": [asdict(each) for each in costing.silent],
        "constants": costing.constants,
        "turns": [asdict(each) for each in turns],
    }


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "not measured"
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2f} s"


def _size(size: float) -> str:
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if size >= 10 or unit == 0 else f"{size:.1f} {_UNITS[unit]}"
