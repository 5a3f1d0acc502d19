"""The contract matrix: each cell is a sentence that follows from the steps of this plan, not from the name of the strategy."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import (
    BuildShadow,
    CheckPartitionList,
    CheckScope,
    CleanStaging,
    DeleteAll,
    DeleteMatching,
    DropPartitions,
    ExchangeTables,
    Fence,
    FindPartitions,
    FreezeWindow,
    MovePartitions,
    ReplacePartitions,
)
from dpone_compiler.plan.feed_actions import CollapseChanges, ReadChanges
from dpone_compiler.plan.horizon import ends_by, wall_clock
from dpone_compiler.plan.lease_actions import TakeLease
from dpone_compiler.plan.slice_actions import NextSlice
from dpone_compiler.plan.snapshot_actions import BuildVersions, ProveMissing
from dpone_compiler.plan.step import Contract, Step


def derive_contract(load: Load, steps: tuple[Step, ...]) -> Contract:
    """The seven cells for this load."""
    kinds = {type(step.action) for step in steps}
    fenced = any(isinstance(step.action, Fence) and step.transaction == "finalize" for step in steps)
    return Contract(
        atomicity=_slice_by_slice(kinds, _atomicity(kinds, fenced)),
        replay=_once_a_slice(kinds, _replay(kinds, fenced)),
        deletes=_deletes(load, kinds, steps),
        late_data=_late_data(load, steps),
        null_keys=_null_keys(load),
        staging_duplicates=_duplicates(load, kinds),
        concurrency=_concurrency(kinds, fenced),
    )


def _slice_by_slice(kinds: set[type], said: str) -> str:
    return f"{said}; a slice at a time: readers see a backfill that is half done" if NextSlice in kinds else said


def _once_a_slice(kinds: set[type], said: str) -> str:
    return f"{said}; a slice that is recorded is never loaded again by this backfill" if NextSlice in kinds else said


def _atomicity(kinds: set[type], fenced: bool) -> str:
    if fenced:
        return "all or nothing: data and state change in one transaction of the target"
    if ExchangeTables in kinds:
        return "all or nothing for the data: one EXCHANGE; the state row follows, and a crash between is finished by the next run"
    if MovePartitions in kinds or ReplacePartitions in kinds:
        return "per partition: each partition changes atomically, the set of partitions one after the other"
    return "per statement: readers can see the target between two statements"


def _replay(kinds: set[type], fenced: bool) -> str:
    if fenced:
        return "exactly once: a repeated run finds its own run id committed, or nothing of it"
    if MovePartitions in kinds:
        return "exactly once: a moved partition is gone from staging, so moving it again changes nothing"
    return "idempotent: repeating any step from its retry boundary gives the same rows"


def _deletes(load: Load, kinds: set[type], steps: tuple[Step, ...]) -> str:
    if compared := _compared(load, steps):
        return compared
    if CheckScope in kinds:
        return "followed inside the scope; rows outside of it, and rows with NULL in its column, stay"
    collapsed = next((s.action for s in steps if isinstance(s.action, CollapseChanges)), None)
    if collapsed is not None:
        said = _CAPTURED[collapsed.feed.deletes]
        said += "; a row that leaves the filter counts as deleted" if load.read.where is not None else ""
        parted = any(isinstance(s.action, ReadChanges) and s.action.partitioned for s in steps)
        return said + _PARTED if parted and collapsed.feed.deletes != "ignore" else said
    partial = CheckPartitionList in kinds or any(
        isinstance(s.action, FindPartitions) and not s.action.whole for s in steps
    )
    if not partial and _replaces_all(load, kinds, steps):
        return "followed: rows that the source no longer has are gone after the load"
    leave = (
        "rows that leave the filter are deleted by key"
        if load.write.policies.on_leave_filter == "delete"
        else "rows that leave the filter stay in the target for ever (on_leave_filter: keep)"
    )
    if partial:
        return "followed inside the affected partitions only; a deletion alone does not make a partition affected"
    seen = "not seen: a row deleted at the source stays in the target"
    if load.read.tombstone is not None:
        seen = _TOMBSTONES[load.write.policies.deletes]
    return f"{seen}; {leave}" if load.read.where is not None else seen


_TOMBSTONES = {
    "ignore": "not followed: rows that the source calls deleted are passed over, and the target's rows stay (deletes: ignore)",
    "soft": "marked: the row of a key that the source calls deleted keeps its values and gets a mark, and loses it when the key is back",
    "hard": "followed: the row of a key that the source calls deleted is deleted by key, also where it left the filter",
}


_CAPTURED = {
    "apply": "followed: a captured delete deletes the target's row by key",
    "ignore": "not followed: captured deletes are read and not applied (delete_policy: ignore)",
    "soft_delete": "marked: a captured delete sets the deleted column of the target's row, and a row that comes back clears it",
}

# https://www.postgresql.org/docs/current/sql-createpublication.html (publish_via_partition_root)
_PARTED = "; not seen: TRUNCATE, DROP and DETACH of a partition of the source, whose rows stay in the target"


def _compared(load: Load, steps: tuple[Step, ...]) -> str:
    """Of plans that compare a whole source with the target, or keep its versions."""
    actions = [step.action for step in steps]
    histories = [action.history for action in actions if isinstance(action, BuildVersions)]
    if any(history.expire for history in histories):
        return "followed: the open version of a key that the source no longer has ends with the run that misses it"
    if histories:
        return "not seen: the open version of a key that the source no longer has stays open"
    proofs = [action for action in actions if isinstance(action, ProveMissing)]
    if any(proof.mark is not None for proof in proofs):
        return "marked: a row whose key the source no longer has keeps its values and gets a mark, and loses it when the key is back"
    if proofs:
        return (
            "followed: rows whose key the source no longer has are deleted, within the guards; rows without a key stay"
        )
    if load.write.mode == "snapshot_diff":
        return "not followed: rows whose key the source no longer has stay (delete_policy: ignore)"
    return ""


def _replaces_all(load: Load, kinds: set[type], steps: tuple[Step, ...]) -> bool:
    if FindPartitions in kinds or DeleteAll in kinds:
        return True
    if any(isinstance(step.action, BuildShadow) and step.action.key for step in steps):
        return False  # the table that is exchanged holds the rows of other keys too
    return ExchangeTables in kinds or (DropPartitions in kinds and load.write.key == ())


def _late_data(load: Load, steps: tuple[Step, ...]) -> str:
    window = next((step.action for step in steps if isinstance(step.action, FreezeWindow)), None)
    if any(isinstance(step.action, NextSlice) for step in steps):
        return "a slice is read once: what commits into it afterwards is not loaded; the watermark stays where it is"
    if window is None:
        return "none can be late: every run reads the whole source"
    if any(isinstance(step.action, ReadChanges) for step in steps):
        return "none can be late: changes are read in commit order, up to a position of the WAL that is frozen first"
    parts = [_COMPLETE[ends_by(window)].replace("{lag}", str(window.lag))]
    if wall_clock(window):
        parts.append(
            "rows stamped in a time zone behind the source's are late by the difference: the cursor is a wall clock"
        )
    if window.lookback:
        parts.append(f"each run reads {window.lookback} seconds before its watermark again")
    return "; ".join(parts)


_COMPLETE = {
    "lag": "complete only if commits arrive within the lag of {lag} seconds",
    "numbers": "complete if each INSERT takes its own number: the window ends when every writer of the table has ended, and passes over "
    "numbers that were taken before their writer touched the table",
    "open_transactions": "complete: the window ends before the oldest open transaction of the source",
}


def _null_keys(load: Load) -> str:
    if not load.write.key:
        return "no key: rows are not matched"
    if load.write.policies.null_keys == "skip":
        return "dropped from staging and counted, before the target is touched"
    return "refused before the target is touched"


def _duplicates(load: Load, kinds: set[type]) -> str:
    if not load.write.key:
        return "kept: without a key there are no duplicates"
    if CollapseChanges in kinds:
        return "the last change of a key wins, in the order of the feed; a tie is refused"
    if load.write.policies.staging_duplicates == "latest" and CleanStaging in kinds:
        return "the row with the latest cursor wins, the others are dropped and counted; a tie is refused"
    return "refused before the target is touched"


def _concurrency(kinds: set[type], fenced: bool) -> str:
    if fenced:
        return "serialised: one lease with a fencing token, and the target's advisory lock in the transaction"
    if TakeLease in kinds:
        whole = kinds & {ExchangeTables, MovePartitions, ReplacePartitions} or DeleteMatching not in kinds
        late = (
            "a statement of a run that lost the lease fails because its staging was dropped"
            if whole
            else "a run that sleeps longer than its lease may insert its rows a second time"
        )
        if DropPartitions in kinds:
            late += "; its drop of an emptied partition needs no staging: what came there since may be lost"
        return (
            "serialised across hosts: one lease with a fencing token, in the database of lock_connection; "
            f"the target checks no token: {late}"
        )
    return "one host: a file lock; across hosts not serialised"
