"""The steps of a backfill that every inner mode shares: a run takes a slice, and records it with its data."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.slices import Slices
from dpone_compiler.plan.sequence import COMMITTED, RERUN, Sequence
from dpone_compiler.plan.slice_actions import NextSlice, RecordSlice
from dpone_compiler.plan.step import Guard, Idempotency
from dpone_compiler.plan.subject import pair_of

_PATH = "sink.strategy.backfill"


def take_slice(seq: Sequence, load: Load, slices: Slices) -> None:
    """In the place of a window: the first slice that is not recorded."""
    seq.add(
        "next-slice",
        NextSlice(slices=slices, backfill=_name(load)),
        "take the first slice that is not recorded as loaded",
        "what is loaded is recorded with its data, so an interrupted backfill goes on where it stopped",
        idempotency=Idempotency.PURE,
        guard=Guard(kind="phase", phase="open", why="an unfinished attempt keeps its own slice"),
        path=_PATH,
    )


def record_slice(seq: Sequence, load: Load, *, transactional: bool) -> None:
    """After the proof, before the run counts as committed."""
    seq.add(
        "record-slice",
        RecordSlice(backfill=_name(load)),
        "record the slice as loaded",
        "the same backfill never loads it again",
        idempotency=Idempotency.TRANSACTIONAL if transactional else Idempotency.IDEMPOTENT,
        guard=COMMITTED if transactional else RERUN,
        transaction="finalize" if transactional else "",
        path=_PATH,
    )


def _name(load: Load) -> str:
    """What slices are recorded under: another inner mode, column, source or target is another backfill."""
    assert load.write.backfill is not None, "it has slices"
    return f"{load.write.strategy} by {load.write.backfill.chunk.column}: {pair_of(load)}"
