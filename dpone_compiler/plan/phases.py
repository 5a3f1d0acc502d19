"""The phases that every strategy shares: open, stage, prove, close. A strategy adds only how the target changes."""

from __future__ import annotations

from collections.abc import Callable

from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.interval import Interval, PartitionSet, Scope
from dpone_compiler.ir.load import Cursor, Load, MovedColumn
from dpone_compiler.plan.actions import (
    AcquireLease,
    CheckDuplicateKeys,
    CheckNotEmpty,
    CheckNullKeys,
    CheckPartitionList,
    CheckPartitionValues,
    CheckScope,
    CheckStagedRows,
    CheckTable,
    CleanStaging,
    CommitState,
    CreateStaging,
    DropOldStaging,
    DropStaging,
    Fence,
    FingerprintSource,
    FreezeWindow,
    OpenAttempt,
    ReadState,
    RecordStaged,
    ReleaseLease,
    Selection,
    Staging,
    Transfer,
)
from dpone_compiler.plan.emptied import create_alone, created
from dpone_compiler.plan.growing import add_columns
from dpone_compiler.plan.making import make_target
from dpone_compiler.plan.sequence import COMMITTED, FENCED_AGAIN, OPENED, STAGED, Sequence
from dpone_compiler.plan.slice_actions import CheckSliceFilled
from dpone_compiler.plan.slice_steps import record_slice, take_slice
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Guard, Idempotency
from dpone_compiler.plan.tombstones import CheckTombstones
from dpone_compiler.plan.value_actions import CheckValues, counted
from dpone_compiler.source.value import value

PURE, TRANSACTIONAL = Idempotency.PURE, Idempotency.TRANSACTIONAL


@value(kw_only=True)
class Shape:
    """What the phases need to know of a load: whether data and state commit together, and the decided pieces.

    `stages_in_transaction`: creating and filling staging is one transaction with a fence; otherwise each body fences itself, and
    an interrupted try is cleared away first.
    """

    load: Load
    transactional: bool
    stages_in_transaction: bool
    columns: tuple[MovedColumn, ...]
    level: str
    interval: Interval | None

    def named(self, *names: str) -> tuple[MovedColumn, ...]:
        """The moved columns of these target names, in that order."""
        by_name = {column.target.name: column for column in self.columns}
        return tuple(by_name[name] for name in names)


def open_run(
    seq: Sequence,
    shape: Shape,
    listed: CheckPartitionList | None = None,
    before_window: Callable[[Sequence], None] = lambda _seq: None,
    *,
    instant: bool = False,
) -> None:
    """Check both sides, read the state, take the lease, freeze the window, open the attempt.

    `listed`: the partitions are given by the caller and checked before anything is taken. `before_window`: adds what has to
    happen before the window can be frozen. `instant`: the run stamps rows.
    """
    load = shape.load
    for side, table in (("source", load.read.endpoint.table), ("target", load.write.endpoint.table)):
        if side == "target":
            make_target(seq, load)
        seq.add(
            f"check-{side}",
            CheckTable(side=side, table=table, may_lack=_added(load) if side == "target" else ()),
            f"refuse when the {side} is not what the plan was compiled for",
            "a dropped, retyped or added column would surface in the middle of the load",
            idempotency=PURE,
            path=f"{'source' if side == 'source' else 'sink'}.table",
        )
    seq.add(
        "read-state",
        ReadState(),
        "read watermark, unfinished attempt and lease",
        "the target is the only journal that survives every crash",
        idempotency=PURE,
    )
    if listed is not None:
        seq.add(
            "check-partitions",
            listed,
            "refuse a list of partitions that is empty, too long, or names what is no partition",
            "a wrong value would replace nothing, or another partition than the one that was meant",
            idempotency=PURE,
            path="sink.strategy.partition",
        )
    seq.add(
        "acquire-lease",
        AcquireLease(),
        "take the lease and a fencing token",
        "two runs on one target would undo each other",
        idempotency=Idempotency.IDEMPOTENT,
    )
    add_columns(seq, load)
    before_window(seq)
    if load.write.slices is not None:
        take_slice(seq, load, load.write.slices)
    elif shape.interval is not None:
        # A slot has no cursor: its changes come in commit order, so nothing is held back and nothing read again.
        cursor = load.read.cursor if load.read.cursor is not None else Cursor(column=shape.interval.column)
        seq.add(
            "freeze-window",
            FreezeWindow(
                interval=shape.interval,
                lag=cursor.lag,
                lookback=cursor.lookback,
                assigned_by_database=cursor.assigned_by == "database",
            ),
            "fix the window before anything is read",
            "rows that commit later must fall into a later window",
            idempotency=PURE,
            guard=Guard(kind="phase", phase="open", why="an unfinished attempt keeps its own window"),
            path="source.cursor",
        )
    if instant:
        seq.add(
            "freeze-instant",
            FreezeInstant(),
            "read the source's clock once",
            "whoever finishes this attempt must stamp rows with the same instant",
            idempotency=PURE,
            guard=Guard(kind="phase", phase="open", why="an unfinished attempt keeps its own instant"),
            path="sink.strategy.mode",
        )
    seq.add(
        "open-attempt",
        OpenAttempt(),
        "record run id and window in the state row",
        "whoever finishes this attempt must use the same window",
        guard=OPENED if shape.transactional else FENCED_AGAIN,
    )
    if not shape.transactional:
        seq.add(
            "drop-old-staging",
            DropOldStaging(),
            "drop staging of older attempts",
            "a zombie of an older attempt must fail instead of moving its rows",
        )


def _added(load: Load) -> tuple[str, ...]:
    return tuple(column.name for column in load.decisions.added)


def stage(seq: Sequence, shape: Shape, selection: Selection, staging: Staging) -> None:
    """Create a staging table and stream a selection into it; fingerprint the selection when it is what will be applied."""
    role = staging.role
    group = f"stage-{role}" if shape.stages_in_transaction else ""
    snapshot = f"extract-{role}"
    wire = decided(shape.load.decisions.wire)
    if counted(selection):
        seq.add(
            f"check-values-{role}",
            CheckValues(selection=selection),
            "count the values that the target cannot hold, in the snapshot of the extraction",
            "a value that is cut, rounded or clamped on its way would be lost without a word",
            idempotency=PURE,
            guard=STAGED,
            snapshot=snapshot,
            path="source.columns",
        )
    if role in ("rows", "changes"):
        seq.add(
            "fingerprint-source",
            FingerprintSource(selection=selection, level=fingerprint_level(shape.level), role=role),
            "count"
            + (" and digest" if shape.level in ("content", "full") else "")
            + " what will be read, in its snapshot",
            "a source that is asked again later has changed",
            idempotency=PURE,
            guard=STAGED,
            snapshot=snapshot,
            path="sink.strategy",
        )
    if shape.stages_in_transaction:
        _fence(seq, f"fence-stage-{role}", group)
        seq.add(
            f"create-{role}",
            CreateStaging(staging=staging),
            *created(role),
            idempotency=TRANSACTIONAL,
            guard=STAGED,
            transaction=group,
        )
    else:
        create_alone(seq, staging, guard=STAGED)
    seq.add(
        f"transfer-{role}",
        Transfer(selection=selection, staging=staging, wire=wire),
        f"stream the source into staging ({role})",
        "one pass, constant memory, the vendors' bulk formats",
        idempotency=TRANSACTIONAL if shape.stages_in_transaction else Idempotency.WITH_UNIT,
        guard=STAGED,
        transaction=group,
        snapshot=snapshot,
        retry_boundary="" if shape.stages_in_transaction else f"clear-{role}",
        path="source.where" if selection.where is not None else "source.table",
    )


def fingerprint_level(level: str) -> str:
    """Digest only where content is compared; keys and counts need the number alone."""
    return "content" if level in ("content", "full") else "counts"


def prove(
    seq: Sequence,
    shape: Shape,
    staging: Staging,
    partitions: PartitionSet | None = None,
    *,
    collapse: Callable[[str], None] | None = None,
    changes: Staging | None = None,
    key: tuple[str, ...] | None = None,
    scope: Scope | None = None,
    deleted: Staging | None = None,
) -> None:
    """The gates between staging and the target: rows, digest, emptiness, keys, partitions; then the note that it is staged.

    `changes` is what came from the source where that is not `staging` itself; `collapse` makes `staging` of it, in the
    transaction whose name it is given. `key`: what may be staged once, where that is more than the load's key.
    `deleted`: staged keys of rows that the source has deleted.
    """
    load, policies = shape.load, shape.load.write.policies
    level = fingerprint_level(shape.level)
    group = "prove" if shape.transactional else ""
    if shape.transactional:
        _fence(seq, "fence-prove", group)

    def gate(step_id: str, action: object, purpose: str, why: str, path: str = "sink.strategy") -> None:
        seq.add(step_id, action, purpose, why, idempotency=PURE, guard=STAGED, transaction=group, path=path)  # type: ignore[arg-type]

    gate(
        "check-staged-rows",
        CheckStagedRows(staging=changes or staging, level=level),
        "staging holds what the source sent",
        "a stream that was cut or changed must not reach the target",
    )
    if collapse is not None:
        collapse(group)
    if load.write.slices is not None and policies.empty_slice == "fail":
        gate(
            "check-slice",
            CheckSliceFilled(staging=staging, scope=load.write.slices.scope),
            "a slice without rows stops the run",
            "a range that the source has nothing of is more often a mistake than a fact (empty_slice: fail)",
            "sink.strategy.backfill",
        )
    elif _fails_when_empty(load, shape):
        gate(
            "check-not-empty",
            CheckNotEmpty(staging=staging),
            "an empty extract stops the run",
            "an empty source is more often a mistake than a fact (empty_slice: fail)",
        )
    key = load.write.key if key is None else key
    skip, latest = policies.null_keys == "skip", policies.staging_duplicates == "latest"
    if key and (skip or latest):
        seq.add(
            "clean-staging",
            CleanStaging(
                staging=staging,
                key=key,
                skip_null_keys=skip,
                keep_latest_by=load.read.cursor.column if latest and load.read.cursor is not None else "",
            ),
            "drop the staged rows that the declared policies drop",
            f"null_keys: {policies.null_keys}, staging_duplicates: {policies.staging_duplicates}",
            idempotency=TRANSACTIONAL if shape.transactional else Idempotency.IDEMPOTENT,
            guard=STAGED,
            transaction=group,
            path="sink.strategy.unique_key",
        )
    if key:
        gate(
            "check-null-keys",
            CheckNullKeys(staging=staging, key=key),
            "no key is NULL",
            "a NULL key matches nothing, so each load would add the row again",
            "sink.strategy.unique_key",
        )
        gate(
            "check-duplicate-keys",
            CheckDuplicateKeys(staging=staging, key=key),
            "no key is staged twice",
            "which of two rows wins would be chance",
            "sink.strategy.unique_key",
        )
    if deleted is not None:
        gate(
            "check-tombstones",
            CheckTombstones(staging=staging, left=deleted, key=key),
            "no key is staged as deleted and as living",
            "which of the two came last, nobody could say",
            "source.tombstone",
        )
    if load.write.partition is not None and partitions is not None:
        gate(
            "check-partition-values",
            CheckPartitionValues(staging=staging, partitioning=load.write.partition, partitions=partitions),
            "every staged row lies in an affected partition",
            "a row outside would be lost or doubled",
            "sink.strategy.partition",
        )
    if scope is not None:
        gate(
            "check-scope",
            CheckScope(staging=staging, scope=scope),
            "every staged row lies in the scope",
            "a row outside would be added to rows that stay",
            "source.scope",
        )
    seq.add(
        "record-staged",
        RecordStaged(staging=staging, level=level),
        "note in the state row that staging is proved",
        "from here on the run can be finished without the source",
        idempotency=TRANSACTIONAL if shape.transactional else Idempotency.IDEMPOTENT,
        guard=Guard(kind="query", phase="staged", why="staging still holds the recorded rows"),
        transaction=group,
    )


def _fails_when_empty(load: Load, shape: Shape) -> bool:
    """An empty window is ordinary for an incremental load; an empty whole table is not."""
    return load.write.policies.empty_slice == "fail" and shape.interval is None


def fence_finalize(seq: Sequence) -> None:
    """Open the finalizer's transaction."""
    _fence(seq, "fence-finalize", "finalize")


def _fence(seq: Sequence, step_id: str, group: str) -> None:
    seq.add(
        step_id,
        Fence(),
        "hold the state row with our fencing token",
        "a run that lost its lease must not write",
        idempotency=PURE,
        guard=COMMITTED if group == "finalize" else STAGED,
        transaction=group,
    )


def close_run(
    seq: Sequence, shape: Shape, *stagings: Staging, after_commit: Callable[[Sequence], None] = lambda _seq: None
) -> None:
    """Commit the state (in the finalizer's transaction where there is one), drop staging, release the lease."""
    sliced = shape.load.write.slices is not None
    interval = None if sliced else shape.interval  # a backfill moves no watermark: it loads what lies behind it
    if sliced:
        record_slice(seq, shape.load, transactional=shape.transactional)
    seq.add(
        "commit-state",
        CommitState(interval=interval),
        "mark the run committed" if interval is None else "move the watermark and mark the run committed",
        "state and data agree, or neither moved",
        idempotency=TRANSACTIONAL if shape.transactional else Idempotency.IDEMPOTENT,
        guard=Guard(kind="phase", phase="committed", why="the state row names this run as committed"),
        transaction="finalize" if shape.transactional else "",
        path="source.cursor" if interval is not None else "sink.strategy",
    )
    after_commit(seq)
    for staging in stagings:
        seq.add(
            f"drop-{staging.role}",
            DropStaging(staging=staging),
            f"drop staging ({staging.role})",
            "nothing is left behind",
        )
    seq.add("release-lease", ReleaseLease(), "mark the run done and give the lease back", "the next run need not wait")
