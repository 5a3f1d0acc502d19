"""What becomes of rows that the target has: whether some go, and whether some that stay are written again by listed columns."""

from __future__ import annotations

from dpone_compiler.plan.actions import (
    BuildPartitions,
    BuildRewrite,
    BuildShadow,
    CheckPartitionList,
    DeleteAll,
    DeleteMatching,
    DeletePartitions,
    DeleteScope,
    FindPartitions,
    ReplacePartitions,
)
from dpone_compiler.plan.dominated import steps_of
from dpone_compiler.plan.snapshot_actions import DeleteMissing, DeleteStale
from dpone_compiler.plan.step import Plan

_DELETE = (DeleteAll, DeleteMatching, DeletePartitions, DeleteScope, DeleteMissing, DeleteStale)
_WRITE = (DeletePartitions, DeleteScope, BuildPartitions, BuildRewrite)


def takes_rows(plan: Plan) -> bool:
    """Rows of the target are deleted, and with them whatever hangs on them."""
    return bool(steps_of(plan, *_DELETE))


def writes_again(plan: Plan) -> bool:
    """Rows that the target goes on holding are copied, or deleted and inserted, by the columns that were known at compile.

    A value in a column that came later would be lost. Where everything is replaced (full_refresh) no row goes on: the target is to
    hold what the source holds, and nothing else.
    """
    by_key = any(isinstance(s.action, DeleteMatching) and s.action.staging.role != "left" for s in plan.steps)
    kept = any(isinstance(s.action, BuildShadow) and s.action.key for s in plan.steps)
    parts = steps_of(plan, ReplacePartitions) and steps_of(plan, FindPartitions, CheckPartitionList)
    return by_key or kept or bool(parts or steps_of(plan, *_WRITE))
