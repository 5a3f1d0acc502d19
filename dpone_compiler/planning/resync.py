"""The resync of a load: named partitions are read again from the source and replaced, and the watermark stays where it is."""

from __future__ import annotations

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import Interval, PartitionSet, loaded_so_far
from dpone_compiler.ir.load import Load, Partitioning, PartitionUnit
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.actions import (
    Action,
    CheckPartitionList,
    DeletePartitions,
    DropPartitions,
    InsertStaged,
    Reconcile,
    ReplacePartitions,
    Selection,
    Staging,
)
from dpone_compiler.plan.moving import delete_moved, moving_key
from dpone_compiler.plan.phases import Shape, close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.realised import unread
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import filter_of, finish, shape_of, staging, tombstone_of
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.plan.verify import verify_plan
from dpone_compiler.planning.plan_load import UnprovedPlan, settled_on
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy

_DATED = (PartitionUnit.HOUR, PartitionUnit.DAY, PartitionUnit.MONTH, PartitionUnit.YEAR)
_PROOF = ("prove that the named partitions hold what was staged", "a replay must not end on a claim")
_PATH = "sink.strategy.partition"


def plan_resync(load: Load, strategy: Strategy, setting: Setting) -> Plan | NotViable:
    """The proved resync sequence of a decided load, or why it has none. Raises UnprovedPlan."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    partition = load.write.partition
    if load.write.slices is not None:
        return NotViable("not_supported", "a backfill loads slices; a partition is loaded again by the load itself")
    if partition is None:
        return NotViable("partition_required", "the load names no partition")
    if not strategy.reload:
        return NotViable(
            "not_supported", strategy.no_reload or f"{strategy.name} does not say how a partition is loaded again"
        )
    if load.write.policies.deletes == "soft":
        return NotViable("not_supported", "a partition that is read again lacks the rows that are marked as deleted")
    if not capabilities.partitions:
        return NotViable("partition_replace_not_supported", "the sink has no partitions to replace")
    shape = shape_of(load, transactional=capabilities.transactional, cursor_type=None)
    moved = next((column for column in shape.columns if column.target.name == partition.column), None)
    if moved is None:
        return NotViable("partition_required", f"the partition column {partition.column} is not loaded")
    if why := _no_unit(partition, moved.target):
        return NotViable("partition_required", why)
    bound = _bound(load, setting) if strategy.reload == "loaded" else None
    if bound is None and strategy.reload == "loaded":
        return NotViable("cursor_required", "without a cursor of a known type nothing says which rows are loaded")
    plan = settled_on(setting, _steps(shape, moved.source, partition, bound))
    faults = (*verify_plan(plan), *unread(load, plan))
    if faults:
        raise UnprovedPlan(load.name, faults)
    return plan


def _no_unit(partition: Partitioning, column: Column) -> str:
    if partition.unit not in _DATED or column.type.kind in (Kind.DATE, Kind.TIMESTAMP):
        return ""
    return f"{partition.column} is {column.type.label()}, which has no {partition.unit.value}"


def _bound(load: Load, setting: Setting) -> Interval | None:
    cursor = load.read.cursor
    column = source_column(load, setting.facts, setting.source, cursor.column) if cursor is not None else None
    return loaded_so_far(column.name, column.type) if column is not None else None


def _steps(shape: Shape, read_column: Column, partition: Partitioning, bound: Interval | None) -> Plan:
    load, unit = shape.load, partition.unit.value
    # NULL is never among them: a list of texts cannot name it, and what is not named must stay as it is.
    named = PartitionSet(column=partition.column, unit=unit, type=shape.named(partition.column)[0].target.type)
    read = PartitionSet(column=read_column.name, unit=unit, type=read_column.type)
    selection = Selection(
        table=load.read.endpoint.table,
        columns=shape.columns,
        where=filter_of(load),
        tombstone=tombstone_of(load),
        interval=bound,
        partitions=read,
    )
    rows = staging("rows", shape.columns, shaped=not shape.transactional)
    seq = Sequence()
    open_run(seq, shape, CheckPartitionList(partitioning=partition, partitions=named, watermark=bound is not None))
    stage(seq, shape, selection, rows)
    prove(seq, shape, rows, named)
    proof = Reconcile(staging=rows, level=shape.level, scope="partitions", key=load.write.key, partitions=named)
    # Where only what is loaded so far is read again, rows are never changed, and so none moves.
    made = _replace(seq, shape, rows, named, proof, () if bound is not None else moving_key(load))
    close_run(seq, shape, rows, *made)
    return finish(load, seq)


def _replace(  # noqa: PLR0917 - the parts of one change
    seq: Sequence, shape: Shape, rows: Staging, named: PartitionSet, proof: Reconcile, moving: tuple[str, ...]
) -> tuple[Staging, ...]:
    """Replace the named partitions, and take rows that moved into them out of the others. Returns the staging that it made."""
    group = "finalize" if shape.transactional else ""
    actions: list[tuple[str, Action, str, str]] = []
    made: tuple[Staging, ...] = ()
    if group:
        fence_finalize(seq)
        why = "the read and the delete share one set"
        actions.append(
            (
                "delete-partitions",
                DeletePartitions(partitions=named),
                "delete the target rows of the named partitions",
                why,
            )
        )
        if moving:
            actions.append(delete_moved(rows, moving, named))
        why = "columns are listed, never positional"
        actions.append(("insert-staged", InsertStaged(staging=rows), "insert the staged rows", why))
    elif moving:
        made = (staging("rewrite", rows.columns, shaped=True),)
        rewrite_partitions(seq, rows, *made, key=moving, partitions=named, path=_PATH)
    else:
        why = "one partition a statement: each is atomic, and repeating it gives the same rows"
        actions.append(("replace-partitions", ReplacePartitions(staging=rows), "replace each staged partition", why))
        why = "their old rows would stay for ever"
        emptied = DropPartitions(staging=rows, affected=named)
        actions.append(("drop-emptied-partitions", emptied, "drop named partitions that the source has emptied", why))
    actions.append(("reconcile", proof, *_PROOF))
    for step_id, action, purpose, why in actions:
        changes = Idempotency.TRANSACTIONAL if group else Idempotency.IDEMPOTENT
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if action is proof else changes,
            guard=COMMITTED if group else seq.steps[0].guard,
            transaction=group,
            path=_PATH,
        )
    return made
