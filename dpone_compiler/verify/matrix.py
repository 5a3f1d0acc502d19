"""The contract matrix of a bundle: for each promise, whether it was seen to hold, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from dpone_compiler.source.value import value
from dpone_compiler.verify.case import Case, encode
from dpone_compiler.verify.play import Difference

CELLS = ("atomicity", "replay", "deletes", "late_data", "null_keys", "staging_duplicates", "concurrency")


@value(kw_only=True)
class Cell:
    """One promise. `evidence`: what was seen, in sentences; without any it is not proved."""

    name: str
    claim: str
    evidence: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether something was seen that holds it up."""
        return bool(self.evidence)


@value(kw_only=True)
class Failure:
    """What broke, and the smallest case that shows it. `point`: the crash it needs, '' none."""

    difference: Difference
    case: Case | None = None
    point: str = ""


@value(kw_only=True)
class Verdict:
    """The end of one bundle. `why_not`: why it was not verified at all, '' when it was tried."""

    load: str
    strategy: str
    policy: str
    engines: str
    cells: tuple[Cell, ...] = ()
    failure: Failure | None = None
    why_not: str = ""
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether every promise was seen to hold."""
        return (
            not self.why_not and self.failure is None and bool(self.cells) and all(cell.proved for cell in self.cells)
        )


def document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON values."""
    failure = verdict.failure
    return {
        "load": verdict.load,
        "strategy": verdict.strategy,
        "policy": verdict.policy,
        "engines": verdict.engines,
        "verified": verdict.verified,
        "why_not": verdict.why_not,
        "seconds": round(verdict.seconds, 1),
        "counts": dict(sorted(verdict.counts.items())),
        "cells": {
            cell.name: {"claim": cell.claim, "proved": cell.proved, "evidence": list(cell.evidence)}
            for cell in verdict.cells
        },
        "failure": None if failure is None else _failure(failure),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    rows: Callable[[Any], list[dict[str, str | None]]] = lambda listed: [  # noqa: E731
        {name: None if each is None else str(each) for name, each in row.items()} for row in listed
    ]
    found = failure.difference
    return {
        "what": found.what,
        "load": found.load,
        "crash": failure.point,
        "missing": rows(found.missing),
        "extra": rows(found.extra),
        "case": None if failure.case is None else encode(failure.case),
    }
