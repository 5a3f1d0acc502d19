"""From the declared chunk of a backfill to its slices: the ends read by the column's type, and counted before they are cut."""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import Chunk, MovedColumn
from dpone_compiler.ir.slices import Slices
from dpone_compiler.plan.scoping import canonical, unread

_KINDS = {"integer": Kind.INT, "date": Kind.DATE, "timestamp": Kind.TIMESTAMP}
_DAY = 86400
_LAST = {"date": "9999-12-31", "timestamp": "9999-12-31 00:00:00"}


def typed_slices(chunk: Chunk, columns: tuple[MovedColumn, ...]) -> Slices | str:
    """The slices in the type of their column, or why there are none."""
    if chunk.kind not in _KINDS:
        return "two engines have no hash of a uuid in common, so buckets of one are no part of the other; slice by a date or a number"
    moved = next((m for m in columns if m.sql is None and m.source.name == chunk.column), None)
    if moved is None:
        return f"the column {chunk.column} is not loaded, so nothing can prove that the staged rows lie in the slice"
    given, held = moved.source.type, moved.target.type
    if given.kind is not _KINDS[chunk.kind]:
        return f"{chunk.column} is {given.label()}, which has no slices of kind {chunk.kind}"
    if moved.cast or held.kind is not given.kind:
        return f"{chunk.column} is {given.label()} in the source and {held.label()} in the target"
    if chunk.buckets is not None:
        return "buckets are for kind uuid; a range has a step"
    step = _step(chunk)
    if isinstance(step, str):
        return step
    ends = [canonical(end, given) if end else None for end in (chunk.first, chunk.last)]
    for said, end, name in zip((chunk.first, chunk.last), ends, ("from", "to"), strict=True):
        if end is None:
            return unread(said, given, chunk.column) if said else f"`{name}` is not said"
    return _between(chunk, given, str(ends[0]), str(ends[1]), step)


def _between(chunk: Chunk, type_: DataType, first: str, last: str, step: int) -> Slices | str:
    if chunk.kind != "integer" and last > _LAST[chunk.kind]:
        return f"the range to {chunk.last} ends behind the last day that every engine knows"
    slices = Slices(column=chunk.column, type=type_, kind=chunk.kind, first=first, last=last, step=step)
    return slices if slices.count else f"the range from {chunk.first} to {chunk.last} is empty"


def _step(chunk: Chunk) -> int | str:
    """In the unit of the kind: numbers, days, seconds."""
    if chunk.step is None or chunk.step < 1:
        return "`step` is not said, or is nothing"
    if chunk.kind != "date":
        return chunk.step
    return chunk.step // _DAY if chunk.step % _DAY == 0 else "`step` of dates is not a whole number of days"
