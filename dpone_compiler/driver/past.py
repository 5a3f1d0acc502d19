"""Hints from past runs of a load: how many rows its source has, and what share of them a run brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from dpone_compiler.ir.load import WHOLE_MODES

_NEW = ("incremental_merge", "incremental_append")
_RUNS = 5  # the newest ones; what a load was years ago says little


def past_hints(receipts: Sequence[Mapping[str, Any]], load: str, rows: int | None) -> dict[str, float]:
    """`rows` and `changed` as far as the finished runs of the load show them. `receipts`: oldest first. `rows`: when it is known."""
    done = [each for each in receipts if each.get("load") == load and _outcome(each) == "done"]
    whole, new = (
        [n for n in map(_staged, _by(done, modes)) if n is not None][-_RUNS:] for modes in (WHOLE_MODES, _NEW)
    )
    found: dict[str, float] = {"rows": whole[-1]} if whole else {}
    known = found.get("rows") if rows is None else rows
    if new and known:
        found["changed"] = min(1.0, median(new) / known)
    return found


def _by(receipts: Sequence[Mapping[str, Any]], modes: tuple[str, ...]) -> list[Mapping[str, Any]]:
    return [each for each in receipts if (each.get("plan") or {}).get("strategy") in modes]


def _outcome(receipt: Mapping[str, Any]) -> str:
    return str((receipt.get("outcome") or {}).get("status", ""))


def _staged(receipt: Mapping[str, Any]) -> int | None:
    """Rows that the source sent, as the run itself proved it."""
    said = str((receipt.get("proofs") or {}).get("source_rows", ""))
    return int(said) if said.isdigit() else None
