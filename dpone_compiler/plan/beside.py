"""The phase of a swap before its lock: what will take the target's place is built beside it, and what was taken out is dropped."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.plan.actions import (
    Action,
    BuildShadow,
    CheckLosses,
    CreateStaging,
    DropRetired,
    DropStaging,
    ExchangeTables,
    Fence,
    Reconcile,
    RecordRewrite,
    Staging,
)
from dpone_compiler.plan.phases import Shape, fence_finalize
from dpone_compiler.plan.sequence import COMMITTED, RERUN, Sequence
from dpone_compiler.plan.step import Guard, Idempotency
from dpone_compiler.plan.tombstones import ProveDeleted

GONE = ("prove that no row is left whose key the source has deleted", "what was missed would stay for ever")


def build_beside(seq: Sequence, shape: Shape, build: tuple[str, Action, str, str]) -> None:
    """A fenced transaction of its own, repeated whole when the run goes on, since only the swap makes it final.

    Where bodies fence themselves it is one batch.
    """
    if not shape.stages_in_transaction:
        seq.add(*build, guard=COMMITTED, path="sink.strategy.merge_policy")
        return
    seq.add(
        "fence-build",
        Fence(),
        "hold the state row with our fencing token",
        "a run that lost its lease must not write",
        idempotency=Idempotency.PURE,
        transaction="build",
    )
    seq.add(
        *build,
        idempotency=Idempotency.TRANSACTIONAL,
        guard=RERUN,
        transaction="build",
        path="sink.strategy.merge_policy",
    )


def drop_retired(seq: Sequence) -> None:
    """After the commit: what the swap took out is needed by nobody."""
    released = seq.steps.pop()
    seq.add(
        "drop-retired",
        DropRetired(),
        "drop what the swap took out of the target",
        "readers who waited have the new one; nothing is left behind",
        path="sink.strategy.merge_policy",
    )
    seq.add(
        released.id,
        released.action,
        released.purpose,
        released.why,
        idempotency=released.idempotency,
        guard=released.guard,
    )


def check_losses(seq: Sequence, shape: Shape, action: CheckLosses) -> None:
    """Where nothing can be rolled back, the limits on deleted rows are checked before the first change."""
    limits = shape.load.write.limits
    if shape.transactional or (limits.max_delete_ratio is None and limits.max_delete_rows is None):
        return
    seq.add(
        "check-losses",
        action,
        "stop when more rows would go than the limits allow",
        "a source that was restored or truncated looks like a great many deletes",
        idempotency=Idempotency.PURE,
        path="sink.limits",
    )


def swap_shadow(
    seq: Sequence,
    shape: Shape,
    rows: Staging,
    left: Staging | None,
    proof: Reconcile,
    *,
    gone: ProveDeleted | None = None,
) -> None:
    """Build the new target, prove it at the load's level before its lock, exchange it, and count once more under the lock."""
    key = shape.load.write.key if proof.scope == "keys" else ()
    shadow = Staging(role="shadow", columns=rows.columns, shaped=True)
    build: tuple[str, Action, str, str] = (
        "build-shadow",
        BuildShadow(staging=rows, shadow=shadow, key=key, left=left),
        "build the new target beside the old one",
        "rows that stay (NULL keys too), and the staged rows, with every constraint and index",
    )
    if not shape.stages_in_transaction:
        seq.add(*build, guard=COMMITTED, path="sink.strategy.merge_policy")
    fence_finalize(seq)
    steps: list[tuple[str, Action, str, str]] = [
        *([build] if shape.stages_in_transaction else []),
        (
            "prove-shadow",
            replace(proof, of=shadow),
            "prove the new target before it is one",
            "readers do not wait for the comparison",
        ),
        (
            "exchange-tables",
            ExchangeTables(staging=shadow),
            "give the new table the target's owner, privileges and name",
            "two renames in the transaction of the state",
        ),
        (
            "reconcile",
            replace(proof, level="counts"),
            "prove that the target is what was built",
            "inside the transaction a failed proof undoes everything",
        ),
    ]
    if gone is not None:
        steps.append(("prove-deleted", gone, *GONE))
    for step_id, action, purpose, why in steps:
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE
            if isinstance(action, (Reconcile, ProveDeleted))
            else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path="sink.strategy.merge_policy",
        )


_NOTED = Guard(kind="query", why="the state row notes a complete new target of this run, and its table is still there")
_EXCHANGED = Guard(kind="query", why="the target has the identity that the new table had")


def exchange_shadow(seq: Sequence, rows: Staging, left: Staging | None, proof: Reconcile) -> Staging:
    """The same where nothing spans two statements: build the new target, note and prove it, and exchange it by one statement.

    A proof after the exchange would look at the old table, so it is over with the exchange. Returns the table, which then holds
    the old rows.
    """
    shadow, unit = Staging(role="shadow", columns=rows.columns, shaped=True), "clear-shadow"
    build = BuildShadow(staging=rows, shadow=shadow, key=proof.key, left=left)
    for step_id, action, purpose, why in (
        (unit, DropStaging(staging=shadow), "drop what an interrupted try left", "the new target starts from empty"),
        ("create-shadow", CreateStaging(staging=shadow), "create the new target", "in the shape of the old one"),
        ("build-shadow", build, "fill the new target", "rows that stay (NULL keys too), and the staged rows"),
        (
            "record-shadow",
            RecordRewrite(rewrite=shadow),
            "note that it is complete",
            "a resumed run knows it again by its identity",
        ),
    ):
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.IDEMPOTENT if step_id == unit else Idempotency.WITH_UNIT,
            guard=_NOTED,
            retry_boundary="" if step_id == unit else unit,
            path="sink.strategy.merge_policy",
        )
    seq.add(
        "prove-shadow",
        replace(proof, of=shadow),
        "prove the new target before it is one",
        "after the exchange nothing could be rolled back",
        idempotency=Idempotency.PURE,
        guard=_EXCHANGED,
        path="sink.strategy.merge_policy",
    )
    seq.add(
        "exchange-tables",
        ExchangeTables(staging=shadow),
        "swap the target and the new table",
        "readers see the old table or the new one, never a mix",
        guard=_EXCHANGED,
        path="sink.strategy.merge_policy",
    )
    return shadow
