"""incremental_merge: after the load the target's row of each staged key is the staged one; other keys are untouched."""

from __future__ import annotations

from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import (
    Action,
    BuildRewrite,
    CreateStaging,
    DeleteMatching,
    DropPartitions,
    DropStaging,
    InsertStaged,
    Reconcile,
    RecordRewrite,
    ReplacePartitions,
    Staging,
    UpdateMatching,
)
from dpone_compiler.plan.phases import Shape, close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import finish, left_selection, rows_selection, shape_of, staging
from dpone_compiler.plan.step import Guard, Idempotency, Plan
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a key; without a cursor the whole source is merged each time."""
    if not load.write.key:
        return NotViable("unique_key_required", "it needs a unique key to match rows")
    if load.write.policies.on_leave_filter == "delete" and load.read.where is None:
        return NotViable("filter_required", "on_leave_filter: delete needs a filter that rows can leave")
    if load.write.policies.empty_slice == "clear":
        return NotViable("not_supported", "it never clears the target: empty_slice is fail or keep")
    return Viable("rows are matched by key, other keys are untouched")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """The merge policy says it."""
    return decided(load.decisions.merge_policy), "the merge policy is the finalizer of a merge"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the window (and the keys that left the filter), prove it, merge by the chosen policy."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    transactional = capabilities.transactional
    cursor = source_column(load, setting.facts, setting.source, load.read.cursor.column) if load.read.cursor else None
    shape = shape_of(
        load,
        transactional=transactional,
        cursor_type=cursor.type if cursor else None,
        stages_alone=capabilities.stages_alone,
    )
    rows = staging("rows", shape.columns)
    left = staging("left", shape.named(*load.write.key)) if load.write.policies.on_leave_filter == "delete" else None
    seq = Sequence()
    open_run(seq, shape)
    if left is not None:
        stage(seq, shape, left_selection(shape), left)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows)
    policy = decided(load.decisions.merge_policy)
    stagings = [rows, *([left] if left else [])]
    if transactional:
        _merge_in_transaction(seq, shape, rows, left, policy)
    elif policy == "partition_rewrite":
        rewrite = staging("rewrite", shape.columns, shaped=True)
        _rewrite(seq, shape, rows, left, rewrite)
        stagings.append(rewrite)
    else:
        _statements(seq, shape, rows, left, policy)
    if not transactional:
        seq.add(
            "reconcile", _proof(shape, rows), *_PROOF, idempotency=Idempotency.PURE, path="sink.strategy.unique_key"
        )
    close_run(seq, shape, *stagings)
    return finish(load, seq)


_PROOF = (
    "prove that every staged key is in the target once, with the staged values",
    "the watermark must not move on a claim",
)


def _proof(shape: Shape, rows: Staging) -> Reconcile:
    return Reconcile(staging=rows, level=shape.level, scope="keys", key=shape.load.write.key, interval=shape.interval)


def _merge_in_transaction(seq: Sequence, shape: Shape, rows: Staging, left: Staging | None, policy: str) -> None:
    key = shape.load.write.key
    actions: list[tuple[str, Action, str, str]] = []
    if left is not None:
        actions.append(_delete_left(left, key))
    if policy == "update_insert":
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


def _rewrite(seq: Sequence, shape: Shape, rows: Staging, left: Staging | None, rewrite: Staging) -> None:
    key = shape.load.write.key
    unit = "clear-rewrite"
    for step_id, action, purpose, why in (
        (unit, DropStaging(staging=rewrite), "drop what an interrupted try left", "the rewrite starts from empty"),
        (
            "create-rewrite",
            CreateStaging(staging=rewrite),
            "create the rewrite table in the target's shape",
            "its partitions will replace the target's",
        ),
        (
            "build-rewrite",
            BuildRewrite(staging=rows, rewrite=rewrite, key=key, left=left),
            "build the new content of every affected partition",
            "target rows that stay (NULL keys too), and the staged rows",
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
            idempotency=Idempotency.WITH_UNIT if step_id != unit else Idempotency.IDEMPOTENT,
            guard=Guard(kind="query", why="the state row notes a complete rewrite of this run, and it is still there"),
            retry_boundary="" if step_id == unit else unit,
            path="sink.strategy.merge_policy",
        )
    seq.add(
        "replace-partitions",
        ReplacePartitions(staging=rewrite),
        "replace each affected partition",
        "one partition a statement: each is atomic, and repeating it gives the same rows",
        retry_boundary=unit,
        idempotency=Idempotency.WITH_UNIT,
        path="sink.strategy.merge_policy",
    )
    seq.add(
        "drop-emptied-partitions",
        DropPartitions(staging=rewrite, affected=None, by_key=key),
        "drop partitions whose rows all moved or left",
        "an empty replacement would be refused or ignored by some versions",
        retry_boundary=unit,
        idempotency=Idempotency.WITH_UNIT,
        path="sink.strategy.merge_policy",
    )


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


STRATEGY = Strategy(
    name="incremental_merge", needs_key=True, judge=judge, finalizer=finalizer, steps=steps, reload="whole"
)
