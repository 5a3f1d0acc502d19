"""A backfill in dpone's words: the same slices, where it has a way to say them, with the ends that it counts as its own.

dpone's planner: dates and timestamps are half-open, the last day of dates belongs to the range; integers are closed at both ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import Load, PartitionUnit
from dpone_compiler.ir.slices import Slices

_HOUR, _DAY = 3600, 86400


def backfill_said(load: Load) -> Iterator[tuple[str, Any]]:
    """Keys below `sink.strategy` with their values; nothing where the load is no backfill."""
    backfill, slices = load.write.backfill, load.write.slices
    if backfill is None or slices is None:
        return
    yield "mode", "backfill"
    yield "backfill.inner_mode", backfill.inner_mode
    yield "backfill.max_chunks", backfill.max_chunks
    if not _across_to_mssql(load):
        # Unsaid, it pastes the column's name without quotes.
        yield "backfill.predicate_dialect", load.read.endpoint.engine
    said = {"column": slices.column, "kind": slices.kind, "from": _first(slices), "to": _last(slices)}
    yield "backfill.chunk", {**said, "step": _step(slices)}


def backfill_unsaid(load: Load) -> str:
    """Why dpone would load other rows than these slices; '' nothing, or no backfill."""
    backfill, slices = load.write.backfill, load.write.slices
    if backfill is None or slices is None:
        return ""
    source, sink = load.read.endpoint.engine, load.write.endpoint.engine
    if _across_to_mssql(load) and load.read.where is not None:
        return "on this route its slices leave source.where out"
    if backfill.inner_mode == "replace" and source != sink and not _across_to_mssql(load):
        return f"it deletes in {sink} by a condition in the words of {source}"
    if slices.kind == "timestamp" and slices.type.tz:
        return "the ends of its slices have no time zone"
    if slices.type.kind is Kind.TIMESTAMP and slices.step % _HOUR:
        return "its slices are whole hours"
    if backfill.inner_mode == "incremental_append":
        return "it appends slices to a table of its own, which takes the target's place"
    partition = load.write.partition
    if backfill.inner_mode == "partition_replace" and (
        partition is None or partition.column != slices.column or partition.unit is not PartitionUnit.VALUE
    ):
        return "it would replace partitions by the rows of one slice, and others of theirs would be gone"
    return ""


def _across_to_mssql(load: Load) -> bool:
    """The route on which dpone binds the ends of a slice and takes no condition as text."""
    return load.write.endpoint.engine == "mssql" and load.read.endpoint.engine != "mssql"


def _first(slices: Slices) -> str | int:
    return int(slices.first) if slices.kind == "integer" else slices.first


def _last(slices: Slices) -> str | int:
    """Of dates and integers the last one that belongs to the range."""
    match slices.kind:
        case "integer":
            return int(slices.last) - 1
        case "date":
            return (date.fromisoformat(slices.last) - timedelta(days=1)).isoformat()
        case _:
            return slices.last


def _step(slices: Slices) -> str | int:
    match slices.kind:
        case "integer":
            return slices.step
        case "date":
            return f"{slices.step}d"
        case _:
            return f"{slices.step // _HOUR}h" if slices.step % _DAY else f"{slices.step // _DAY}d"
