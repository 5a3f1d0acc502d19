"""Hints from past runs of a load: how many rows its source has, and what share of them a run brings.

They are an input of the compile like the catalog. They are rounded to two digits, as an estimate is: otherwise every run would
make another bundle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field
from statistics import median
from typing import Any

from dpone_compiler.ir.load import WHOLE_MODES
from dpone_compiler.source.value import value

# What they stage is a share of the source: its changes, or the rows of a scope.
_NEW = ("incremental_merge", "incremental_append", "replace")
_RUNS = 5  # the newest ones; what a load was years ago says little
_LONGEST = 18  # digits of a count that a run may have proved


@value(kw_only=True)
class Past:
    """Rows that the finished runs of each load staged, oldest first: of modes that move everything, and of those that move what is new."""

    whole: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    new: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def hints(self, load: str, rows: int | None) -> dict[str, float | None]:
        """`rows` and `changed` as far as the runs of this load show them. `rows`: when somebody says it."""
        last = self.whole.get(load, ())[-1:]
        known = rows if rows is not None else _rounded(last[0]) if last else None
        new = self.new.get(load, ())[-_RUNS:]
        changed = _rounded(min(1.0, median(new) / known)) if new and known else None
        return {"rows": known, "changed": changed}


def past_of(receipts: Iterable[Mapping[str, Any]]) -> Past:
    """`receipts`: oldest first. What is no receipt of a finished run with a count of rows says nothing."""
    whole: dict[str, list[int]] = defaultdict(list)
    new: dict[str, list[int]] = defaultdict(list)
    for receipt in receipts:
        load, strategy, rows = receipt.get("load"), _in(receipt, "plan", "strategy"), _rows(receipt)
        if not isinstance(load, str) or rows is None or _in(receipt, "outcome", "status") != "done":
            continue
        if strategy in WHOLE_MODES:
            whole[load].append(rows)
        elif strategy in _NEW:
            new[load].append(rows)
    return Past(whole=_kept(whole), new=_kept(new))


def _kept(found: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {load: tuple(rows[-_RUNS:]) for load, rows in found.items()}


def _in(receipt: Mapping[str, Any], block: str, name: str) -> Any:
    found = receipt.get(block)
    return found.get(name) if isinstance(found, dict) else None


def _rows(receipt: Mapping[str, Any]) -> int | None:
    """Rows that the source sent, as the run itself proved it."""
    said = str(_in(receipt, "proofs", "source_rows"))
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _LONGEST else None


def _rounded(number: float) -> float:
    return float(f"{number:.1e}")
