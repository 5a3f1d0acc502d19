"""How proved staging gets into the target by key: the steps that every strategy with a merge policy shares."""

from __future__ import annotations

from dpone_compiler.plan.actions import (
    Action,
    DeleteMatching,
    InsertStaged,
    Reconcile,
    Staging,
    UpdateMatching,
)
from dpone_compiler.plan.beside import swap_shadow
from dpone_compiler.plan.feed_actions import MarkDeleted
from dpone_compiler.plan.phases import Shape, fence_finalize
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import staging
from dpone_compiler.plan.step import Idempotency


def merge(
    seq: Sequence,
    shape: Shape,
    rows: Staging,
    left: Staging | None,
    policy: str,
    *,
    mark: MarkDeleted | None = None,
) -> tuple[Staging, ...]:
    """Change the target by a merge policy and prove it. Returns the staging tables that the policy made besides.

    `left`: keys to delete first. `mark`: keys whose rows are marked instead (where there is a transaction).
    """
    made: tuple[Staging, ...] = ()
    if shape.transactional and policy == "shadow_swap":
        swap_shadow(seq, shape, rows, left, _proof(shape, rows))
        return made
    if shape.transactional:
        _merge_in_transaction(seq, shape, rows, left, policy, mark)
        return made
    if policy == "partition_rewrite":
        rewrite = staging("rewrite", rows.columns, shaped=True)
        rewrite_partitions(seq, rows, rewrite, key=shape.load.write.key, left=left)
        made = (rewrite,)
    else:
        _statements(seq, shape, rows, left, policy)
    seq.add("reconcile", _proof(shape, rows), *_PROOF, idempotency=Idempotency.PURE, path="sink.strategy.unique_key")
    return made


_PROOF = (
    "prove that every staged key is in the target once, with the staged values",
    "the watermark must not move on a claim",
)


def _proof(shape: Shape, rows: Staging) -> Reconcile:
    return Reconcile(staging=rows, level=shape.level, scope="keys", key=shape.load.write.key, interval=shape.interval)


def _merge_in_transaction(  # noqa: PLR0917 - the parts of one transaction
    seq: Sequence, shape: Shape, rows: Staging, left: Staging | None, policy: str, mark: MarkDeleted | None
) -> None:
    key = shape.load.write.key
    actions: list[tuple[str, Action, str, str]] = []
    if mark is not None:
        why = "soft_delete: the row stays, and readers see that it is gone"
        actions.append(("mark-deleted", mark, "mark the rows whose key is gone", why))
    if left is not None:
        actions.append(_delete_left(left, key))
    if policy == "upsert":
        actions.append(
            (
                "upsert-staged",
                InsertStaged(staging=rows, upsert_key=key),
                "insert the staged rows, or give the target's row of the key their values",
                "one pass over the delta, and the unique index decides, so no key can come twice",
            )
        )
    elif policy == "update_insert":
        why = "unchanged rows are not written, so there are no dead tuples for nothing"
        actions.append(("update-matching", UpdateMatching(staging=rows, key=key), "update rows that differ", why))
        actions.append(
            (
                "insert-missing",
                InsertStaged(staging=rows, missing_key=key),
                "insert keys that are new",
                "in the same transaction",
            )
        )
    else:
        actions.append(
            (
                "delete-matching",
                DeleteMatching(staging=rows, key=key),
                "delete the target rows of staged keys",
                "their new versions follow",
            )
        )
        actions.append(
            (
                "insert-staged",
                InsertStaged(staging=rows),
                "insert the staged rows",
                "columns are listed, never positional",
            )
        )
    actions.append(("reconcile", _proof(shape, rows), *_PROOF))
    fence_finalize(seq)
    for step_id, action, purpose, why in actions:
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if step_id == "reconcile" else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path="sink.strategy.merge_policy",
        )


def _delete_left(left: Staging, key: tuple[str, ...]) -> tuple[str, Action, str, str]:
    why = "on_leave_filter: delete; otherwise such a row would stay for ever"
    return "delete-left", DeleteMatching(staging=left, key=key), "delete rows whose key left the filter", why


def _statements(seq: Sequence, shape: Shape, rows: Staging, left: Staging | None, policy: str) -> None:
    """Delete and insert as single statements; repeated as a unit from the first delete."""
    key = shape.load.write.key
    actions: list[tuple[str, Action, str, str]] = []
    if left is not None:
        actions.append(_delete_left(left, key))
    if policy != "replacing_merge_tree":
        actions.append(
            (
                "delete-matching",
                DeleteMatching(staging=rows, key=key),
                "delete the target rows of staged keys",
                "their new versions follow",
            )
        )
    actions.append(
        ("insert-staged", InsertStaged(staging=rows), "insert the staged rows", "columns are listed, never positional")
    )
    for index, (step_id, action, purpose, why) in enumerate(actions):
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.WITH_UNIT if index else Idempotency.IDEMPOTENT,
            retry_boundary=actions[0][0] if index else "",
            path="sink.strategy.merge_policy",
        )
