"""The matrix of `dponec verify` for people: a tick and the evidence for each promise, or the smallest case that breaks one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dpone_compiler.verify.case import encode
from dpone_compiler.verify.matrix import Failure, Verdict

_TICK, _OPEN = "✓", "·"
_MOST_ROWS = 5


def as_text(verdict: Verdict) -> str:
    """For a terminal."""
    return "\n".join(_text(verdict)) + "\n"


def as_markdown(verdict: Verdict) -> str:
    """For a review."""
    return "\n".join(_markdown(verdict)) + "\n"


def _text(verdict: Verdict) -> Iterator[str]:
    yield _headline(verdict)
    for cell in verdict.cells:
        yield f"  {_TICK if cell.proved else _OPEN} {cell.name.replace('_', ' ')}: {cell.claim}"
        yield from (f"      {sentence}" for sentence in cell.evidence or ("not tried: it stopped before",))
    if verdict.failure is not None:
        yield from (f"  {line}" for line in _broken(verdict.failure))


def _markdown(verdict: Verdict) -> Iterator[str]:
    yield from (f"## {_headline(verdict)}", "")
    if verdict.cells:
        yield from ("| promise | | what the plan says | what was seen |", "| --- | --- | --- | --- |")
    for cell in verdict.cells:
        seen = "; ".join(cell.evidence) or "not tried: it stopped before"
        yield f"| {cell.name.replace('_', ' ')} | {_TICK if cell.proved else _OPEN} | {cell.claim} | {seen} |"
    if verdict.failure is not None:
        yield from ("", "```text", *_broken(verdict.failure), "```")


def _headline(verdict: Verdict) -> str:
    how = f"{verdict.strategy} by {verdict.policy}" if verdict.policy else verdict.strategy
    if verdict.why_not:
        return f"{verdict.load}: {how}: {verdict.why_not}"
    counts = verdict.counts
    ran = f"{counts.get('loads', 0)} loads, {counts.get('crashes', 0)} crashes, {verdict.seconds:.0f} s"
    ended = "verified" if verdict.verified else "NOT what it means"
    return f"{verdict.load}: {how}, {verdict.engines}: {ended} ({ran})"


def _broken(failure: Failure) -> Iterator[str]:
    found = failure.difference
    yield f"load {found.load}: {found.what}"
    if failure.point:
        yield f"with a crash at: {failure.point}"
    yield from _rows("missing", found.missing)
    yield from _rows("too many", found.extra)
    if failure.case is not None:
        yield "the smallest case found (@2+1 is tick 1 of load 2 in the cursor):"
        for number, load in enumerate(encode(failure.case), 1):
            yield f"  load {number}" + (
                f" of the window that ends at @{number}+{load['until']}:" if "until" in load else ":"
            )
            if "emptied" in load:
                yield "    the table is truncated"
            yield from (f"    row {row}: {json.dumps(cells, ensure_ascii=False)}" for row, cells in load["put"].items())
            yield from (f"    row {row} is deleted" for row in load["gone"])
            if "quiet" in load:
                yield "    and nothing is loaded yet"


def _rows(word: str, rows: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    for row in rows[:_MOST_ROWS]:
        cells = ", ".join(f"{name}={'NULL' if each is None else each}" for name, each in row.items())
        yield f"  {word}: {cells}"
    if len(rows) > _MOST_ROWS:
        yield f"  {word}: {len(rows) - _MOST_ROWS} more"
