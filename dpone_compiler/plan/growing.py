"""The steps that add columns to a target: under the lease, before anything is staged, outside of every transaction of the load."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import CheckTable
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.step import Guard, Idempotency
from dpone_compiler.plan.target_actions import AddColumns

_PATH = "sink.schema_evolution"


def add_columns(seq: Sequence, load: Load) -> None:
    """Nothing for a load whose target lacks none; else the columns, and the check that `check-target` could not make yet."""
    columns, table = load.decisions.added, load.write.endpoint.table
    if not columns:
        return
    seq.add(
        "add-columns",
        AddColumns(table=table, columns=columns),
        "add the columns that the target lacks",
        "schema_evolution: additive; staging and what is made beside the target take their form from it, and a lock that is waited "
        "for here holds no row of the load",
        guard=Guard(kind="phase", phase="open", why="an attempt is opened only behind it"),
        path=_PATH,
    )
    seq.add(
        "check-columns",
        CheckTable(side="target", table=table),
        "refuse when the target is not what the plan was compiled for, with the columns that were added",
        "another hand may have added one of another type",
        idempotency=Idempotency.PURE,
        path=_PATH,
    )
