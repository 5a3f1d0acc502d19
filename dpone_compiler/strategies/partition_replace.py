"""partition_replace: after the load the affected partitions hold exactly the source's rows of those partitions."""

from __future__ import annotations

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.load import Load, MovedColumn, PartitionUnit
from dpone_compiler.plan.actions import (
    Action,
    BuildPartitions,
    CheckLosses,
    DeletePartitions,
    DropPartitions,
    FindPartitions,
    InsertStaged,
    Reconcile,
    ReplacePartitions,
    Selection,
    Staging,
    SwapPartitions,
)
from dpone_compiler.plan.beside import build_beside, check_losses, drop_retired
from dpone_compiler.plan.moving import delete_moved, moving_key
from dpone_compiler.plan.phases import Shape, close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.sequence import COMMITTED, STAGED, Sequence
from dpone_compiler.plan.shape import filter_of, finish, rows_selection, shape_of, staging
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable

_DATED = (PartitionUnit.HOUR, PartitionUnit.DAY, PartitionUnit.MONTH, PartitionUnit.YEAR)


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a partition column on a sink that has partitions or can delete by one."""
    partition = load.write.partition
    if partition is None:
        return NotViable("partition_required", "it needs a partition column")
    if not setting.sink.capabilities(setting.facts.target_engine).partitions:
        return NotViable("partition_replace_not_supported", "the sink has no partitions to replace")
    if load.write.policies.on_leave_filter == "delete":
        return NotViable(
            "not_supported", "whole partitions are read again, so on_leave_filter has nothing to do; remove it"
        )
    if load.write.policies.empty_slice == "keep" and load.read.cursor is None:
        return NotViable(
            "not_supported",
            "without a cursor every partition is replaced, so an empty source clears all: say fail or clear",
        )
    columns = load.decisions.columns
    if isinstance(columns, tuple):
        column = next((c.target for c in columns if c.target.name == partition.column), None)
        if column is not None and partition.unit in _DATED and column.type.kind not in (Kind.DATE, Kind.TIMESTAMP):
            return NotViable(
                "partition_required",
                f"{partition.column} is {column.type.label()}, which has no {partition.unit.value}",
            )
    return Viable("whole partitions are replaced, deletions inside them included")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """How the partitions are exchanged for the staged ones."""
    if setting.sink.capabilities(setting.facts.target_engine).transactional:
        policy = decided(load.decisions.merge_policy)
        if policy in _EXCHANGES:
            return policy, "new partitions are built beside the target, and readers wait for the exchange alone"
        return "delete_insert", "all affected partitions change in one transaction, and no table lock stops readers"
    return "replace_partitions", "each partition is replaced atomically by the staged one"


def steps(load: Load, setting: Setting) -> Plan:
    """Find the affected partitions from the delta, read them whole, prove them, replace them."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    transactional = capabilities.transactional
    cursor = source_column(load, setting.facts, setting.source, load.read.cursor.column) if load.read.cursor else None
    shape = shape_of(
        load,
        transactional=transactional,
        cursor_type=cursor.type if cursor else None,
        stages_alone=capabilities.stages_alone,
    )
    partition = load.write.partition
    assert partition is not None, "judged before"
    (moved,) = shape.named(partition.column)
    affected = PartitionSet(
        column=partition.column,
        unit=partition.unit.value,
        type=moved.target.type,
        include_null=partition.nulls == "own",
    )
    source_side = PartitionSet(
        column=moved.source.name,
        unit=partition.unit.value,
        type=moved.source.type,
        include_null=partition.nulls == "own",
    )
    whole = shape.interval is None
    key, moving = ((), ()) if whole else (load.write.key, moving_key(load))
    names = tuple(dict.fromkeys((*key, partition.column)))
    delta = staging("delta", shape.named(*names))
    rows = staging("rows", shape.columns, shaped=not transactional)
    made: tuple[Staging, ...] = ()
    seq = Sequence()
    open_run(seq, shape)
    stage(seq, shape, _delta_selection(shape, delta.columns, distinct=not key), delta)
    seq.add(
        "find-partitions",
        FindPartitions(delta=delta, key=key, partitioning=partition, partitions=affected, whole=whole),
        "find the affected partitions",
        "those of the changed rows, and those where the changed keys live now" if key else "those of the changed rows",
        idempotency=Idempotency.PURE,
        guard=STAGED,
        path="sink.strategy.partition",
    )
    stage(seq, shape, rows_selection(shape, source_side), rows)
    prove(seq, shape, rows, affected)
    proof = Reconcile(staging=rows, level=shape.level, scope="partitions", key=load.write.key, partitions=affected)
    check_losses(seq, shape, CheckLosses(staging=rows, partitions=affected, key=moving))
    moved_away = (delete_moved(rows, moving, affected),) if moving else ()
    exchange = _EXCHANGES.get(decided(load.decisions.finalizer))
    if exchange is not None:
        _exchange(seq, shape, rows, affected, exchange, moved_away)
    elif transactional:
        _in_transaction(seq, rows, affected, proof, moved_away)
    elif moving:
        made = (staging("rewrite", rows.columns, shaped=True),)
        rewrite_partitions(seq, rows, *made, key=moving, partitions=affected, path="sink.strategy.partition")
        seq.add("reconcile", proof, *_PROOF, idempotency=Idempotency.PURE, path="sink.strategy.partition")
    else:
        seq.add(
            "replace-partitions",
            ReplacePartitions(staging=rows),
            "replace each staged partition",
            "one partition a statement: each is atomic, and repeating it gives the same rows",
            path="sink.strategy.partition",
        )
        seq.add(
            "drop-emptied-partitions",
            DropPartitions(staging=rows, affected=affected),
            "drop affected partitions that the source has emptied",
            "their old rows would stay for ever",
            path="sink.strategy.partition",
        )
        seq.add("reconcile", proof, *_PROOF, idempotency=Idempotency.PURE, path="sink.strategy.partition")
    close_run(seq, shape, rows, delta, *made)
    if exchange is not None:
        drop_retired(seq)
    return finish(load, seq, () if whole else _of_moves(key, moving))


def _of_moves(key: tuple[str, ...], moving: tuple[str, ...]) -> tuple[str, ...]:
    """What becomes of rows that change their partition; a key that holds the partition column makes them other rows."""
    found = []
    if not key:
        found.append("there is no unique key: rows that moved from one partition to another are not detected")
    if moving:
        found.append(
            "a row that moves to another partition while the load runs may be missing from the target until the next run: its old "
            "partition is read after it left, and its new one is affected then"
        )
    return tuple(found)


_PROOF = ("prove that the affected partitions hold what was staged", "the watermark must not move on a claim")


def _delta_selection(shape: Shape, columns: tuple[MovedColumn, ...], *, distinct: bool) -> Selection:
    """Keys and partition values of the window. Without a key only the distinct partition values matter.

    The filter is left out on purpose: a row that has just left it changes its partition too.
    """
    where = filter_of(shape.load) if shape.interval is None else None
    return Selection(
        table=shape.load.read.endpoint.table, columns=columns, where=where, interval=shape.interval, distinct=distinct
    )


_Change = tuple[str, Action, str, str]


# How an exchange is called: why the new table has a CHECK, what is done with the old one and the new one, and what a reader with an
# older snapshot meets.
_EXCHANGES = {
    "attach_detach": (
        "with a CHECK of the bound, so that ATTACH does not scan it under the lock",
        "detach each affected partition and attach the new one in its place",
        "empty",
    ),
    "switch_partitions": (
        "in the filegroup, with the indexes and the constraints of the old one, and a CHECK of the bound: SWITCH moves no row",
        "switch the rows of each affected partition out, and the new ones in",
        "refused",
    ),
}


def _exchange(  # noqa: PLR0917 - the parts of one transaction
    seq: Sequence,
    shape: Shape,
    rows: Staging,
    affected: PartitionSet,
    exchange: tuple[str, str, str],
    moved_away: tuple[_Change, ...],
) -> None:
    """Build and prove beside the target, then exchange: the lock that readers wait for is held for the exchange and a count."""
    why, done, older = exchange
    build: _Change = (
        "build-partitions",
        BuildPartitions(staging=rows, partitions=affected, level=shape.level),
        "build a table for each affected partition, and prove it",
        why,
    )
    build_beside(seq, shape, build)
    _finalize(
        seq,
        *moved_away,
        (
            "swap-partitions",
            SwapPartitions(staging=rows, partitions=affected, older=older),
            done,
            "in one transaction, so that no reader finds a partition missing",
        ),
        (
            "reconcile",
            Reconcile(staging=rows, level="counts", scope="partitions", key=shape.load.write.key, partitions=affected),
            *_PROOF,
        ),
    )


def _in_transaction(
    seq: Sequence, rows: Staging, affected: PartitionSet, proof: Action, moved_away: tuple[_Change, ...]
) -> None:
    _finalize(
        seq,
        (
            "delete-partitions",
            DeletePartitions(partitions=affected),
            "delete the target rows of the affected partitions",
            "the read and the delete share one set",
        ),
        *moved_away,
        ("insert-staged", InsertStaged(staging=rows), "insert the staged rows", "columns are listed, never positional"),
        ("reconcile", proof, *_PROOF),
    )


def _finalize(seq: Sequence, *actions: _Change) -> None:
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
            path="sink.strategy.partition",
        )


STRATEGY = Strategy(
    name="partition_replace", needs_key=False, judge=judge, finalizer=finalizer, steps=steps, reload="whole"
)
