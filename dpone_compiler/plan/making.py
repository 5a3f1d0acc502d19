"""The steps that make a missing target, between the check of the source and that of the target."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.step import Guard, Idempotency
from dpone_compiler.plan.target_actions import CheckNotLost, CreateTarget

_PATH = "sink.create_target"


def make_target(seq: Sequence, load: Load) -> None:
    """Nothing for a load whose target is known; else a look at what the state remembers, and the table."""
    if load.decisions.new_target is None:
        return
    table = load.write.endpoint.table
    seq.add(
        "check-not-lost",
        CheckNotLost(table=table),
        "refuse to make a table anew whose rows the state remembers",
        "an incremental load would go on behind its watermark, and what was loaded before would be missing for ever",
        idempotency=Idempotency.PURE,
        path=_PATH,
    )
    seq.add(
        "create-target",
        CreateTarget(table=table, target=load.decisions.new_target),
        "make the target where it is missing",
        "create_target: if_missing; a table that is there is not touched, and the next step checks it like any other",
        guard=Guard(kind="query", why="the table is there"),
        path=_PATH,
    )
