"""How proved staging gets into the target by key: the steps that every strategy with a merge policy shares."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.plan.actions import (
    Action,
    DeleteMatching,
    InsertStaged,
    Reconcile,
    Staging,
    UpdateMatching,
)
from dpone_compiler.plan.beside import GONE, exchange_shadow, swap_shadow
from dpone_compiler.plan.phases import Shape, fence_finalize
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import staging
from dpone_compiler.plan.snapshot_actions import BuildDiff
from dpone_compiler.plan.snapshot_steps import rebuilt, technical
from dpone_compiler.plan.step import Idempotency
from dpone_compiler.plan.tombstones import MarkDeleted, ProveDeleted


def merge(
    seq: Sequence,
    shape: Shape,
    rows: Staging,
    left: Staging | None,
    policy: str,
    *,
    mark: MarkDeleted | None = None,
    gone: ProveDeleted | None = None,
) -> tuple[Staging, ...]:
    """Change the target by a merge policy and prove it. Returns the staging tables that the policy made besides.

    `left`: keys to delete first. `mark`: keys whose rows are marked instead. `gone`: what is proved of the keys that the source has
    deleted; its mark, if any, is taken off the rows that are staged.
    """
    made: tuple[Staging, ...] = ()
    if shape.transactional and policy == "shadow_swap":
        swap_shadow(seq, shape, rows, left, _proof(shape, rows), gone=gone)
        return made
    if shape.transactional:
        _merge_in_transaction(seq, shape, rows, left, policy, mark, gone)
        return made
    if policy == "partition_rewrite":
        made = _by_rewrite(seq, shape, rows, left, mark)
    elif policy == "shadow_swap":
        made = (exchange_shadow(seq, rows, left, _proof(shape, rows)),)
    else:
        _statements(seq, shape, rows, left, policy, mark)
    proof = _proof(shape, rows)
    if policy == "shadow_swap":  # its content was proved before the exchange
        proof = replace(proof, level="counts")
    seq.add("reconcile", proof, *_PROOF, idempotency=Idempotency.PURE, path="sink.strategy.unique_key")
    if gone is not None:
        seq.add("prove-deleted", gone, *GONE, idempotency=Idempotency.PURE, path="source.tombstone")
    return made


def _by_rewrite(
    seq: Sequence, shape: Shape, rows: Staging, left: Staging | None, mark: MarkDeleted | None
) -> tuple[Staging, ...]:
    """The partitions of staged keys are built anew; where rows are marked, copies of them with the mark count as staged."""
    key, written = shape.load.write.key, rows
    if mark is not None:
        written = staging("diff", (*rows.columns, technical(mark.mark)), shaped=True)
        build = BuildDiff(staging=rows, diff=written, key=key, missing=mark.staging, mark=mark.mark)
        rebuilt(
            seq,
            written,
            ("build-diff", build, "collect the rows to write, and copies of those to mark", _SOFT),
        )
    rewrite = staging("rewrite", written.columns, shaped=True)
    rewrite_partitions(seq, written, rewrite, key=key, left=left)
    return (*((written,) if written is not rows else ()), rewrite)


_SOFT = "deletes: soft; the row stays, and readers see that it is gone"


_PROOF = (
    "prove that every staged key is in the target once, with the staged values",
    "the watermark must not move on a claim",
)


def _proof(shape: Shape, rows: Staging) -> Reconcile:
    return Reconcile(staging=rows, level=shape.level, scope="keys", key=shape.load.write.key, interval=shape.interval)


def _merge_in_transaction(  # noqa: PLR0917 - the parts of one transaction
    seq: Sequence,
    shape: Shape,
    rows: Staging,
    left: Staging | None,
    policy: str,
    mark: MarkDeleted | None,
    gone: ProveDeleted | None,
) -> None:
    key, cleared = shape.load.write.key, gone.mark if gone is not None else None
    actions: list[tuple[str, Action, str, str]] = []
    if mark is not None:
        actions.append(("mark-deleted", mark, "mark the rows whose key is gone", _SOFT))
    if left is not None:
        actions.append(_delete_left(shape, left))
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
        update = UpdateMatching(staging=rows, key=key, mark=cleared)
        actions.append(("update-matching", update, "update rows that differ", why))
        actions.append(
            (
                "insert-missing",
                InsertStaged(staging=rows, missing_key=key, mark=cleared),
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
    if gone is not None:
        actions.append(("prove-deleted", gone, *GONE))
    fence_finalize(seq)
    for step_id, action, purpose, why in actions:
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if step_id in _PURE else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path="sink.strategy.merge_policy",
        )


_PURE = ("reconcile", "prove-deleted")


def _delete_left(shape: Shape, left: Staging) -> tuple[str, Action, str, str]:
    policies, key = shape.load.write.policies, shape.load.write.key
    said = [
        ("on_leave_filter: delete", policies.on_leave_filter == "delete"),
        ("deletes: hard", policies.deletes == "hard"),
    ]
    reasons = " and ".join(word for word, holds in said if holds) or "delete_policy: apply"
    what = "delete rows whose key left the filter" if policies.deletes == "ignore" else "delete rows whose key is gone"
    why = f"{reasons}; otherwise such a row would stay for ever"
    return "delete-left", DeleteMatching(staging=left, key=key), what, why


def _statements(  # noqa: PLR0917 - the parts of one unit
    seq: Sequence, shape: Shape, rows: Staging, left: Staging | None, policy: str, mark: MarkDeleted | None
) -> None:
    """Delete and insert as single statements; repeated as a unit from the first delete."""
    key = shape.load.write.key
    actions: list[tuple[str, Action, str, str]] = []
    if left is not None:
        actions.append(_delete_left(shape, left))
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
    if mark is not None:
        why = "deletes: hard; the engine leaves out a row whose newest version says so"
        actions.append(("mark-deleted", mark, "add a version of each deleted row that says so", why))
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
