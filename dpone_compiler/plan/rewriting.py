"""Replacing partitions by their rewritten content: the steps that a merge and a replacement by scope share."""

from __future__ import annotations

from dpone_compiler.ir.interval import PartitionSet, Scope
from dpone_compiler.plan.actions import (
    BuildRewrite,
    CreateStaging,
    DropPartitions,
    DropStaging,
    RecordRewrite,
    ReplacePartitions,
    Staging,
)
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.step import Guard, Idempotency

UNIT = "clear-rewrite"


def rewrite_partitions(
    seq: Sequence,
    rows: Staging,
    rewrite: Staging,
    *,
    key: tuple[str, ...] = (),
    left: Staging | None = None,
    scope: Scope | None = None,
    partitions: PartitionSet | None = None,
    path: str = "sink.strategy.merge_policy",
) -> None:
    """Build the new content of every affected partition, note that it is whole, then replace one partition a statement.

    Rows give way by `key` (and `left`), or by `scope`, or by `partitions` (and outside of them by `key`).
    """
    for step_id, action, purpose, why in (
        (UNIT, DropStaging(staging=rewrite), "drop what an interrupted try left", "the rewrite starts from empty"),
        (
            "create-rewrite",
            CreateStaging(staging=rewrite),
            "create the rewrite table in the target's shape",
            "its partitions will replace the target's",
        ),
        (
            "build-rewrite",
            BuildRewrite(staging=rows, rewrite=rewrite, key=key, left=left, scope=scope, partitions=partitions),
            "build the new content of every affected partition",
            f"target rows that stay (NULL {'keys' if scope is None else 'in the scope'} too), and the staged rows",
        ),
        (
            "record-rewrite",
            RecordRewrite(rewrite=rewrite),
            "note that the rewrite is complete",
            "a resumed run then repeats the replacements from it, and never reads a half replaced target",
        ),
    ):
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.WITH_UNIT if step_id != UNIT else Idempotency.IDEMPOTENT,
            guard=Guard(kind="query", why="the state row notes a complete rewrite of this run, and it is still there"),
            retry_boundary="" if step_id == UNIT else UNIT,
            path=path,
        )
    seq.add(
        "replace-partitions",
        ReplacePartitions(staging=rewrite),
        "replace each affected partition",
        "one partition a statement: each is atomic, and repeating it gives the same rows",
        retry_boundary=UNIT,
        idempotency=Idempotency.WITH_UNIT,
        path=path,
    )
    seq.add(
        "drop-emptied-partitions",
        DropPartitions(staging=rewrite, affected=partitions, by_key=key),
        "drop partitions whose rows all moved or left",
        "an empty replacement would be refused or ignored by some versions",
        retry_boundary=UNIT,
        idempotency=Idempotency.WITH_UNIT,
        path=path,
    )
