"""Proof of a plan before anything is written (invariant 13): a plan that fails here is a bug of ours and never becomes files."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.ir.interval import WATERMARK, Interval, PartitionSet
from dpone_compiler.ir.slices import Slices
from dpone_compiler.plan.actions import (
    BuildPartitions,
    BuildRewrite,
    CheckDuplicateKeys,
    CheckNullKeys,
    CheckPartitionList,
    CheckScope,
    CheckStagedRows,
    CommitState,
    DeleteAll,
    DeleteMatching,
    DeletePartitions,
    DeleteScope,
    DropPartitions,
    ExchangeTables,
    Fence,
    FindPartitions,
    FingerprintSource,
    FreezeWindow,
    InsertStaged,
    MovePartitions,
    ReadState,
    Reconcile,
    RecordStaged,
    ReplacePartitions,
    Selection,
    SwapPartitions,
    Transfer,
    UpdateMatching,
)
from dpone_compiler.plan.dominated import Over
from dpone_compiler.plan.dominated import dominated_by as _dominated_by
from dpone_compiler.plan.dominated import steps_of as _of
from dpone_compiler.plan.exchanging import exchanged
from dpone_compiler.plan.feed_actions import (
    AdvanceSlot,
    CheckChanges,
    CollapseChanges,
    CreateSlot,
    ExportSnapshot,
    ReadChanges,
)
from dpone_compiler.plan.graph import BrokenGraph, dominators
from dpone_compiler.plan.lease_actions import RenewLease, TakeLease
from dpone_compiler.plan.settling import waited
from dpone_compiler.plan.slice_actions import NextSlice, RecordSlice
from dpone_compiler.plan.snapshot_actions import (
    BuildDiff,
    BuildVersions,
    CheckDeletes,
    DeleteMissing,
    DeleteStale,
    MarkMissing,
    ProveMissing,
    ProveVersions,
)
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.plan.target_rules import columns_added, target_made
from dpone_compiler.plan.tombstones import CheckTombstones, MarkDeleted, ProveDeleted
from dpone_compiler.plan.value_actions import CheckValues, counted

MUTATIONS = (
    DeleteAll,
    DeleteMatching,
    DeletePartitions,
    UpdateMatching,
    InsertStaged,
    ExchangeTables,
    MovePartitions,
    ReplacePartitions,
    DropPartitions,
    MarkDeleted,
    SwapPartitions,
    DeleteMissing,
    MarkMissing,
    DeleteStale,
    DeleteScope,
)
_KEYED = (DeleteMatching, UpdateMatching, MarkDeleted, DeleteMissing, MarkMissing, DeleteStale)
_PROOFS = (Reconcile, ProveMissing, ProveVersions, ProveDeleted)
_OF_PARTITIONS = (DeletePartitions, DeleteMatching, BuildPartitions, BuildRewrite, SwapPartitions, Reconcile)


def verify_plan(plan: Plan) -> tuple[str, ...]:
    """Sentences that name each fault; empty when the plan is proved."""
    try:
        over = dominators(plan.steps)
    except BrokenGraph as error:
        return (str(error),)
    rules = (
        _staging_first,
        _reconcile_first,
        _repeatable,
        _fenced,
        _one_window,
        _known_partitions,
        _one_scope,
        _same_selection,
        _values_counted,
        _changes_in_order,
        _deletes_guarded,
        _tombstones,
        _one_slice,
        target_made,
        columns_added,
        _leased,
        exchanged,
        waited,
    )
    return tuple(fault for rule in rules for fault in rule(plan, over))


def _staging_first(plan: Plan, over: Over) -> Iterator[str]:
    """Staging is proved before anything touches the target."""
    for step in _of(plan, *MUTATIONS):
        for proof in (Transfer, CheckStagedRows, RecordStaged):
            if not _dominated_by(plan, over, step, proof):
                yield f"{step.id} can be reached without {proof.__name__}"
        if isinstance(step.action, _KEYED) or (isinstance(step.action, InsertStaged) and step.action.upsert_key):
            for gate in (CheckNullKeys, CheckDuplicateKeys):
                if not _dominated_by(plan, over, step, gate):
                    yield f"{step.id} matches by key and can be reached without {gate.__name__}"


def _reconcile_first(plan: Plan, over: Over) -> Iterator[str]:
    """Reconciliation dominates the state commit and comes after the last change of the target."""
    commits = _of(plan, CommitState)
    if len(commits) != 1:
        yield f"the plan has {len(commits)} state commits, not one"
        return
    (commit,) = commits
    proofs = [step for step in _of(plan, *_PROOFS) if step.id in over[commit.id]]
    if not any(isinstance(step.action, (Reconcile, ProveVersions)) for step in proofs):
        yield "the state commit can be reached without Reconcile"
    for step in _of(plan, *MUTATIONS):
        if step.id not in over[commit.id]:
            yield f"the state commit can be reached without {step.id}"
        if proofs and not any(step.id in over[proof.id] for proof in proofs):
            yield f"{step.id} changes the target after the reconciliation"


def _repeatable(plan: Plan, over: Over) -> Iterator[str]:
    """Every mutation sits in a transaction or is idempotent; a retry boundary exists and comes before."""
    for step in plan.steps:
        if step.retry_boundary and step.retry_boundary not in over[step.id]:
            yield f"{step.id} is repeated from {step.retry_boundary}, which does not come before it"
        if step.idempotency is Idempotency.TRANSACTIONAL and not step.transaction:
            yield f"{step.id} claims a transaction and has none"
        if step.idempotency is Idempotency.WITH_UNIT and not step.retry_boundary:
            yield f"{step.id} is repeatable only as part of a unit, and names no retry boundary"
        if isinstance(step.action, MUTATIONS) and step.idempotency is Idempotency.PURE:
            yield f"{step.id} changes the target and claims to be pure"
        if step.guard.kind not in ("rerun", "phase", "query") or (step.guard.kind == "phase" and not step.guard.phase):
            yield f"{step.id} has no guard that can say it is done"


def _fenced(plan: Plan, over: Over) -> Iterator[str]:
    """Every transaction is contiguous on the target and starts by checking the fencing token; state commits with its data."""
    last: dict[str, int] = {}
    for index, step in enumerate(plan.steps):
        group = step.transaction
        if not group:
            continue
        if group not in last:
            if not isinstance(step.action, Fence):
                yield f"transaction {group} starts with {step.id} instead of a fence"
        elif last[group] != index - 1:
            yield f"transaction {group} is interrupted before {step.id}"
        last[group] = index
    groups = {step.transaction for step in _of(plan, *MUTATIONS)}
    if groups not in (set(), {""}) and {step.transaction for step in _of(plan, CommitState)} != groups:
        yield "data and state do not commit in the same transaction"


def _one_window(plan: Plan, over: Over) -> Iterator[str]:
    """The read window, the proof's window and the committed window are one object, equal by value; so are partition sets."""
    frozen = [step.action.interval for step in plan.steps if isinstance(step.action, FreezeWindow)]
    scopes = [s.action.selection.scope for s in plan.steps if isinstance(s.action, Transfer)]
    slices = [] if any(scope is not None for scope in scopes) else _slices(plan)  # a scope is proved by the next rule
    sliced = [Interval(column=each.column, type=each.type) for each in slices]
    expected: Interval | None = next(iter((*frozen, *sliced)), None)
    for step in plan.steps:
        match step.action:
            case Transfer(selection=selection) if selection.interval is not None or (
                selection.partitions is None and expected
            ):
                if selection.interval != expected and not _narrows(selection):
                    yield f"{step.id} reads another window than the one that is frozen"
                if expected is not None and not _dominated_by(plan, over, step, FreezeWindow, NextSlice):
                    yield f"{step.id} can read before the window is frozen"
            case Reconcile(interval=interval) if interval is not None and interval != expected:
                yield f"{step.id} proves another window than the one that is frozen"
            case CommitState(interval=interval) if interval != (None if sliced else expected):
                yield f"{step.id} commits another window than the one that is frozen"
            case _:
                pass
    reads = {(p.unit, p.parameter, p.include_null) for p in _read_partitions(plan)}
    for step in _of(plan, *_OF_PARTITIONS):
        partitions = getattr(step.action, "outside" if isinstance(step.action, DeleteMatching) else "partitions", None)
        if partitions is not None and {(partitions.unit, partitions.parameter, partitions.include_null)} != reads:
            yield f"{step.id} works on another set of partitions than the one that is read"


def _one_scope(plan: Plan, over: Over) -> Iterator[str]:
    """What is replaced by a scope was read by the very same scope, and every staged row was found inside it."""
    read = {s.action.selection.scope for s in plan.steps if isinstance(s.action, Transfer) and s.action.selection.scope}
    for step in _of(plan, DeleteScope, BuildRewrite, Reconcile):
        action = step.action
        scope = action.rows if isinstance(action, Reconcile) else getattr(action, "scope", None)
        if scope is None:
            continue
        if read != {scope}:
            yield f"{step.id} works on another scope than the one that is read"
        if not _dominated_by(plan, over, step, CheckScope):
            yield f"{step.id} can be reached without CheckScope"


def _narrows(selection: Selection) -> bool:
    """Whole partitions, of which only what is below the watermark: it moves no watermark, so it is no window."""
    interval = selection.interval
    return (
        selection.partitions is not None and interval is not None and (interval.low, interval.high) == ("", WATERMARK)
    )


def _known_partitions(plan: Plan, over: Over) -> Iterator[str]:
    """Partitions are found or checked before they are read, and the watermark before it bounds a read."""
    for step in _of(plan, Transfer):
        assert isinstance(step.action, Transfer)
        selection = step.action.selection
        if selection.partitions is not None and not _dominated_by(plan, over, step, FindPartitions, CheckPartitionList):
            yield f"{step.id} can read partitions before they are known"
        if _narrows(selection):
            checks = [s.action for s in _of(plan, CheckPartitionList) if s.id in over[step.id]]
            if not any(isinstance(check, CheckPartitionList) and check.watermark for check in checks):
                yield f"{step.id} reads up to a watermark that may not exist"


def _read_partitions(plan: Plan) -> Iterator[PartitionSet]:
    for step in plan.steps:
        if isinstance(step.action, Transfer) and step.action.selection.partitions is not None:
            yield step.action.selection.partitions


def _same_selection(plan: Plan, over: Over) -> Iterator[str]:
    """What is fingerprinted is what is transferred, in the same snapshot."""
    for step in _of(plan, FingerprintSource):
        assert isinstance(step.action, FingerprintSource)
        twins = [
            other
            for other in _of(plan, Transfer)
            if isinstance(other.action, Transfer) and other.action.staging.role == step.action.role
        ]
        if not any(t.snapshot == step.snapshot and t.action.selection == step.action.selection for t in twins):  # type: ignore[union-attr]
            yield f"{step.id} does not fingerprint what is transferred, in the same snapshot"


def _values_counted(plan: Plan, over: Over) -> Iterator[str]:
    """What the target cannot hold is counted before it is sent, in the same selection and snapshot."""
    for step in _of(plan, Transfer):
        assert isinstance(step.action, Transfer)
        wanted = CheckValues(selection=step.action.selection)
        if counted(wanted.selection) and not any(
            other.action == wanted and other.snapshot == step.snapshot and other.id in over[step.id]
            for other in _of(plan, CheckValues)
        ):
            yield f"{step.id} can send values that the target cannot hold"


_SLOT = (CreateSlot, ExportSnapshot, ReadChanges, AdvanceSlot)
# What a step on captured changes must come after, and why.
_AFTER: tuple[tuple[type, type, str], ...] = (
    (ExportSnapshot, CreateSlot, "a change between snapshot and slot would be in neither"),
    (FreezeWindow, ExportSnapshot, "the first window ends where the snapshot stands"),
    (ReadChanges, CreateSlot, "a slot that lost changes would be read as one that has none"),
    (ReadChanges, FreezeWindow, "a repeated read would give other changes"),
    (Transfer, ReadChanges, "the changes are not there to be sent"),
    (CollapseChanges, CheckChanges, "an unknown operation or a tie would be guessed"),
    (AdvanceSlot, CommitState, "changes that are not in the target yet would be gone"),
)


def _changes_in_order(plan: Plan, over: Over) -> Iterator[str]:
    """Slot, snapshot, copy; peek, apply, commit, advance."""
    kinds = {type(step.action) for step in plan.steps}
    streams = bool(kinds & set(_SLOT))
    if not streams and not kinds & {CheckChanges, CollapseChanges}:
        return
    for later, earlier, why in _AFTER:
        if earlier in _SLOT and not streams:
            continue  # a change table has no slot
        for step in _of(plan, later):
            if not _dominated_by(plan, over, step, earlier):
                yield f"{step.id} can be reached without {earlier.__name__}: {why}"
    if streams and AdvanceSlot not in kinds:
        yield "no step advances the slot, so the source keeps its WAL for ever"
    for step in _of(plan, *MUTATIONS):
        if not _dominated_by(plan, over, step, CollapseChanges):
            yield f"{step.id} can be reached without CollapseChanges"


def _deletes_guarded(plan: Plan, over: Over) -> Iterator[str]:
    """What a snapshot lacks is counted before it is deleted, proved gone before the commit, and versions are built before use."""
    rules = (
        (DeleteMissing, CheckDeletes, "a broken extract would empty the target"),
        (MarkMissing, CheckDeletes, "a broken extract would mark the whole target"),
        (BuildDiff, CheckDeletes, "a broken extract would empty the target"),
        (DeleteStale, BuildVersions, "the history is not built yet"),
    )
    for later, earlier, why in rules:
        for step in _of(plan, later):
            if isinstance(step.action, BuildDiff) and (
                step.action.missing is None or step.action.missing.role == "left"
            ):
                continue  # nothing is marked, or what the source itself calls deleted
            if not _dominated_by(plan, over, step, earlier):
                yield f"{step.id} can be reached without {earlier.__name__}: {why}"
    for commit in _of(plan, CommitState):
        if _of(plan, CheckDeletes) and not _dominated_by(plan, over, commit, ProveMissing):
            yield f"{commit.id} can be reached without ProveMissing"
        if _of(plan, BuildVersions) and not _dominated_by(plan, over, commit, ProveVersions):
            yield f"{commit.id} can be reached without ProveVersions"


def _tombstones(plan: Plan, over: Over) -> Iterator[str]:
    """Rows that live are read without those that are deleted; where these do something, no key is both, and it is proved done."""
    transfers = [step.action for step in plan.steps if isinstance(step.action, Transfer)]
    deletes = any(each.staging.role == "left" and each.selection.tombstone is not None for each in transfers)
    if not deletes:
        return
    for step in _of(plan, *MUTATIONS):
        if not _dominated_by(plan, over, step, CheckTombstones):
            yield f"{step.id} can be reached without CheckTombstones: a key may be deleted and alive"
    for commit in _of(plan, CommitState):
        if not _dominated_by(plan, over, commit, ProveDeleted):
            yield f"{commit.id} can be reached without ProveDeleted"


def _slices(plan: Plan) -> list[Slices]:
    return [step.action.slices for step in plan.steps if isinstance(step.action, NextSlice)]


def _one_slice(plan: Plan, over: Over) -> Iterator[str]:
    """A slice is taken before it is read, proved before it is recorded, and recorded before the run counts as committed."""
    records = _of(plan, RecordSlice)
    slices = _slices(plan)
    if len(records) != len(slices) or len(slices) > 1:
        yield f"{len(slices)} slices are taken and {len(records)} are recorded"
    for step in _of(plan, Transfer):
        assert isinstance(step.action, Transfer)
        scope = step.action.selection.scope
        if scope is not None and scope.params and [scope] != [each.scope for each in slices]:
            yield f"{step.id} reads another slice than the one that is taken"
        if slices and not _dominated_by(plan, over, step, NextSlice):
            yield f"{step.id} can read before the slice is taken"
    for step in records:
        if not _dominated_by(plan, over, step, *_PROOFS):
            yield f"{step.id} can be reached without Reconcile"
    for commit in _of(plan, CommitState):
        for step in records:
            if step.id not in over[commit.id] or step.transaction != commit.transaction:
                yield f"{step.id} records the slice apart from its data"


def _leased(plan: Plan, over: Over) -> Iterator[str]:
    """A lease in another database is taken before the state is read, and asked for again before the target changes."""
    if not _of(plan, TakeLease, RenewLease):
        return
    for kind, wanted in (((ReadState, RenewLease), TakeLease), (MUTATIONS, RenewLease)):
        for step in _of(plan, *kind):
            if not _dominated_by(plan, over, step, wanted):
                yield f"{step.id} can be reached without {wanted.__name__}: two hosts could run at once"
