"""Nothing is lost (invariant 7): each part of the load that means something is realised by a step, or the compile fails."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import WHOLE_MODES, Load
from dpone_compiler.plan.actions import (
    Action,
    BuildRewrite,
    BuildShadow,
    CheckDuplicateKeys,
    CheckNullKeys,
    DeleteAll,
    DeleteMatching,
    ExchangeTables,
    FindPartitions,
    FreezeWindow,
    Transfer,
)
from dpone_compiler.plan.changes import technical
from dpone_compiler.plan.feed_actions import CollapseChanges
from dpone_compiler.plan.lease_actions import TakeLease
from dpone_compiler.plan.moving import moving_key
from dpone_compiler.plan.slice_actions import NextSlice, RecordSlice
from dpone_compiler.plan.snapshot_actions import (
    BuildDiff,
    BuildVersions,
    DeleteMissing,
    FindMissing,
    FreezeInstant,
    MarkMissing,
)
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.target_actions import AddColumns, CreateTarget
from dpone_compiler.plan.tombstones import MarkDeleted


def unrealised(load: Load, plan: Plan) -> tuple[str, ...]:
    """Sentences naming what the manifest says and no step does."""
    return (*unread(load, plan), *_faults(load, plan))


def unread(load: Load, plan: Plan) -> tuple[str, ...]:
    """The same for what every sequence of a load has to do: read its rows by its filter, and check its key."""
    return tuple(_unread(load, plan))


def _unread(load: Load, plan: Plan) -> Iterator[str]:
    actions = [step.action for step in plan.steps]
    transfers = [action for action in actions if isinstance(action, Transfer)]
    rows = [action for action in transfers if action.staging.role in ("rows", "changes")]
    if [a.target for a in actions if isinstance(a, CreateTarget)] != list(filter(None, [load.decisions.new_target])):
        yield "the missing target is not made as it was designed"
    if [a.columns for a in actions if isinstance(a, AddColumns)] != list(filter(None, [load.decisions.added])):
        yield "the columns that the target lacks are not added as they were decided"
    if not rows:
        yield "no step reads the rows"
    for transfer in rows:
        if transfer.selection.where != load.read.where or transfer.selection.negate_filter:
            yield "the filter `where` is not part of the extraction"
        if transfer.selection.tombstone != load.read.tombstone:
            yield "the tombstone is not part of the extraction"
        if tuple(c for c in transfer.selection.columns if not technical(c.target.name)) != load.decisions.columns:
            yield "not every column is extracted"
        if transfer.selection.table != load.read.endpoint.table:
            yield "another table is extracted"
    if load.write.key and not {CheckNullKeys, CheckDuplicateKeys} <= {type(action) for action in actions}:
        yield "the unique key is not checked in staging"
    if load.write.lock_connection and not any(isinstance(action, TakeLease) for action in actions):
        yield "lock_connection is given and no lease is taken"


def _faults(load: Load, plan: Plan) -> Iterator[str]:
    actions = [step.action for step in plan.steps]
    transfers = [action for action in actions if isinstance(action, Transfer)]
    rows = [action for action in transfers if action.staging.role == "rows"]
    strategy = load.decisions.strategy
    name = "" if isinstance(strategy, Undecided) else strategy.value
    if (
        load.read.cursor is not None
        and name not in WHOLE_MODES
        and not any(isinstance(a, (FreezeWindow, NextSlice)) for a in actions)
    ):
        yield "the cursor freezes no window"
    taken = [a.slices for a in actions if isinstance(a, NextSlice)]
    if taken != ([load.write.slices] if load.write.mode == "backfill" else []) or (
        taken and not any(isinstance(a, RecordSlice) for a in actions)
    ):
        yield "the slices of the backfill are not taken and recorded"
    yield from _snapshot_faults(load, name, actions)
    if name == "replace" and not all(transfer.selection.scope is not None for transfer in rows):
        yield "the scope does not bound what is read"
    if name == "partition_replace":
        yield from _partition_faults(load, actions)
    if name == "cdc_apply" and {a.into for a in actions if isinstance(a, CollapseChanges)} != {"rows", "left"}:
        yield "the captured changes are not collapsed into rows and deletes"
    if load.write.policies.on_leave_filter == "delete" and name == "incremental_merge":
        deletes = [a for a in actions if isinstance(a, DeleteMatching) and a.staging.role == "left"]
        rewrites = [a for a in actions if isinstance(a, (BuildRewrite, BuildShadow)) and a.left is not None]
        negated = [
            t
            for t in transfers
            if t.selection.negate_filter and t.staging.role == "left" and t.selection.where == load.read.where
        ]
        if not negated or not (deletes or rewrites):
            yield "on_leave_filter: delete deletes nothing"
    yield from _tombstone_faults(load, actions)
    if (
        name == "full_refresh"
        and not any(isinstance(a, (DeleteAll, ExchangeTables)) for a in actions)
        and len(rows) != 1
    ):
        yield "a full refresh does not replace the target"


def _partition_faults(load: Load, actions: list[Action]) -> Iterator[str]:
    """The column finds the partitions, and a row that moved unseen does not stay in its old one."""
    found = [a for a in actions if isinstance(a, FindPartitions)]
    if not found:
        yield "the partition column selects no partitions"
    deletes = any(isinstance(a, DeleteMatching) and a.outside is not None for a in actions)
    rewrites = any(isinstance(a, BuildRewrite) and a.partitions is not None for a in actions)
    if moving_key(load) and not any(a.whole for a in found) and not (deletes or rewrites):
        yield "the old version of a row that moved unseen stays in its partition"


def _tombstone_faults(load: Load, actions: list[Action]) -> Iterator[str]:
    """Rows that the source has deleted and still holds."""
    policy = load.write.policies.deletes
    if policy == "ignore":
        return
    read = [
        a
        for a in actions
        if isinstance(a, Transfer) and a.staging.role == "left" and a.selection.tombstone == load.read.tombstone
    ]
    lefts = (BuildRewrite, BuildShadow)
    deletes = [
        a
        for a in actions
        if (isinstance(a, DeleteMatching) and a.staging.role == "left") or (isinstance(a, lefts) and a.left is not None)
    ]
    marks = [
        a
        for a in actions
        if isinstance(a, MarkDeleted) or (isinstance(a, BuildDiff) and a.missing is not None and a.mark is not None)
    ]
    versions = [a for a in marks if isinstance(a, MarkDeleted) and a.version]
    if not read or not (marks if policy == "soft" else deletes or versions):
        yield f"deletes: {policy} changes nothing"


def _snapshot_faults(load: Load, name: str, actions: list[Action]) -> Iterator[str]:
    """Policies for keys that the source lacks, and what dates a version."""
    missing = load.write.snapshot.missing
    if name == "snapshot_diff" and missing != "ignore":
        marks = [a for a in actions if isinstance(a, MarkMissing) or (isinstance(a, BuildDiff) and a.mark is not None)]
        deletes = [a for a in actions if isinstance(a, DeleteMissing)]
        rewrites = [
            a for a in actions if isinstance(a, BuildRewrite) and a.left is not None and a.left.role == "missing"
        ]
        found = any(isinstance(a, FindMissing) for a in actions)
        done = marks if missing == "soft_delete" else (deletes or (found and rewrites))
        if not done:
            yield f"missing keys: {missing or 'hard_delete'} changes nothing"
    if name == "scd2":
        histories = [action.history for action in actions if isinstance(action, BuildVersions)]
        if not histories:
            yield "no version is built"
        if load.read.cursor is None and not any(isinstance(a, FreezeInstant) for a in actions):
            yield "nothing dates the versions"
        if load.read.cursor is None and missing != "ignore" and not all(each.expire for each in histories):
            yield "missing keys: expire closes nothing"
