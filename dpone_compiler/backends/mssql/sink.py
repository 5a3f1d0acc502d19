"""SQL Server as a sink: every action, or why it is not done here."""

from __future__ import annotations

from dpone_compiler.backends.mssql import (
    apply,
    changes,
    checks,
    history,
    missing,
    new_columns,
    new_target,
    scope,
    shadow,
    slices,
    staging,
    state,
    switching,
    tombstones,
)
from dpone_compiler.backends.mssql.drift import check_table
from dpone_compiler.backends.mssql.partitions import check_partition_list, find_partitions
from dpone_compiler.backends.mssql.reconcile import reconcile
from dpone_compiler.plan import actions as do
from dpone_compiler.plan import feed_actions as feed
from dpone_compiler.plan import lease_actions as elsewhere
from dpone_compiler.plan import slice_actions as sliced
from dpone_compiler.plan import snapshot_actions as snapshot
from dpone_compiler.plan import target_actions as making
from dpone_compiler.plan import tombstones as gone
from dpone_compiler.plan.step import Step
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.mssql_native import NativeTypeError

_IN_PLACE = "SQL Server changes the table in place, inside one transaction: "


def lower_sink(ctx: Context, step: Step) -> Lowered | Unsupported:
    """How SQL Server does a step on its side as a sink, or why it does not."""
    try:
        return _lower(ctx, step, step.action)
    except NativeTypeError as error:
        return Unsupported(str(error))


def _lower(ctx: Context, step: Step, action: do.Action) -> Lowered | Unsupported:  # noqa: C901, PLR0912, PLR0915 - one arm an action
    match action:
        case do.CheckTable():
            return (
                check_table(ctx, action) if action.side == "target" else Unsupported("the source checks its own table")
            )
        case do.ReadState():
            return state.read_state(ctx)
        case do.CheckPartitionList():
            return check_partition_list(ctx, action)
        case do.AcquireLease():
            return state.acquire_lease(ctx)
        case do.FreezeWindow():
            return Unsupported("the window is frozen on the source")
        case do.OpenAttempt():
            return state.open_attempt(ctx)
        case do.DropOldStaging():
            return Unsupported("staging tables have one name a load here, and a zombie is stopped by the fence")
        case do.CreateStaging():
            return staging.create_staging(ctx, action)
        case do.FingerprintSource() | do.CheckValues():
            return Unsupported("the fingerprint is taken on the source, in the extraction's snapshot")
        case do.Transfer():
            return staging.load_staging(ctx, action)
        case do.FindPartitions():
            return find_partitions(ctx, action)
        case do.CleanStaging():
            return staging.clean_staging(ctx, action)
        case do.CheckStagedRows():
            return checks.check_staged_rows(ctx, action)
        case do.CheckNotEmpty():
            return checks.check_not_empty(ctx, action)
        case do.CheckNullKeys():
            return checks.check_null_keys(ctx, action)
        case do.CheckDuplicateKeys():
            return checks.check_duplicate_keys(ctx, action)
        case do.CheckPartitionValues():
            return checks.check_partition_values(ctx, action)
        case do.RecordStaged():
            return staging.record_staged(ctx, action)
        case do.Fence():
            return state.fence(ctx, step)
        case do.DeleteAll():
            return apply.delete_all(ctx, action)
        case do.DeleteMatching():
            return apply.delete_matching(ctx, action)
        case do.DeletePartitions():
            return apply.delete_partitions(ctx, action)
        case do.UpdateMatching():
            return apply.update_matching(ctx, action)
        case do.InsertStaged(upsert_key=key) if key:
            return Unsupported("T-SQL has no INSERT … ON CONFLICT; use update_insert or delete_insert")
        case do.InsertStaged():
            return apply.insert_staged(ctx, action)
        case do.CheckWindowOwned():
            return Unsupported(_IN_PLACE + "the proof in the transaction undoes an append into a window of others")
        case do.ExchangeTables():
            return shadow.exchange_tables(ctx)
        case do.MovePartitions():
            return Unsupported(_IN_PLACE + "use InsertStaged")
        case do.BuildRewrite():
            return Unsupported(_IN_PLACE + "rows are deleted by key, so no partition has to be rewritten")
        case do.RecordRewrite():
            return Unsupported(_IN_PLACE + "no partition is rewritten, so there is nothing to note")
        case do.DropPartitions():
            return Unsupported(_IN_PLACE + "use DeletePartitions")
        case do.BuildPartitions():
            return switching.build_partitions(ctx, action)
        case do.SwapPartitions():
            return switching.swap_partitions(ctx, action)
        case do.AwaitCleared():
            return Unsupported(_IN_PLACE + "what was replaced does not come back")
        case do.ReplacePartitions():
            return Unsupported(_IN_PLACE + "use DeletePartitions and InsertStaged")
        case do.CheckScope():
            return scope.check_scope(ctx, action)
        case do.DeleteScope():
            return scope.delete_scope(ctx, action)
        case do.BuildShadow() if action.key:
            return Unsupported(_IN_PLACE + "a merge deletes and inserts rows by key")
        case do.BuildShadow():
            return shadow.build_shadow(ctx, action)
        case do.DropRetired():
            swaps = any(isinstance(each.action, do.SwapPartitions) for each in ctx.plan.steps)
            return switching.drop_retired(ctx) if swaps else shadow.drop_retired(ctx)
        case do.CheckLosses():
            return Unsupported(_IN_PLACE + "what it lost is counted before COMMIT, and undone")
        case do.Reconcile():
            return reconcile(ctx, action)
        case do.CommitState():
            return state.commit_state(ctx, action.interval is not None)
        case do.DropStaging():
            return staging.drop_staging(ctx, action)
        case do.ReleaseLease():
            return state.release_lease(ctx)
        case feed.CreateSlot() | feed.ExportSnapshot() | feed.ReadChanges() | feed.AdvanceSlot():
            return Unsupported("the slot is the source's")
        case making.AddColumns():
            return new_columns.add_columns(ctx, action)
        case making.CheckNotLost() | making.CreateTarget():
            return new_target.lower(ctx, action)
        case elsewhere.TakeLease() | elsewhere.RenewLease():
            return Unsupported("the lease is kept in the database of lock_connection")
        case sliced.NextSlice() | sliced.CheckSliceFilled() | sliced.RecordSlice():
            return slices.lower_slice(ctx, action)
        case gone.CheckTombstones() | gone.MarkDeleted() | gone.ProveDeleted():
            return tombstones.lower(ctx, action)
        case feed.CheckChanges():
            return changes.check_changes(ctx, action)
        case feed.CollapseChanges():
            return changes.collapse_changes(ctx, action)
        case _:
            return _of_snapshots(ctx, action)


def _of_snapshots(ctx: Context, action: snapshot.SnapshotAction) -> Lowered | Unsupported:
    match action:
        case snapshot.FreezeInstant():
            return Unsupported("the instant is frozen on the source")
        case snapshot.FindMissing() | snapshot.BuildDiff():
            return Unsupported(_IN_PLACE + "missing and changed rows are found where they are deleted and updated")
        case snapshot.CheckDeletes():
            return missing.check_deletes(ctx, action)
        case snapshot.DeleteMissing():
            return missing.delete_missing(ctx, action)
        case snapshot.MarkMissing():
            return missing.mark_missing(ctx, action)
        case snapshot.ProveMissing():
            return missing.prove_missing(ctx, action)
        case snapshot.BuildVersions():
            return history.build_versions(ctx, action)
        case snapshot.DeleteStale():
            return history.delete_stale(ctx, action)
        case snapshot.ProveVersions():
            return history.prove_versions(ctx, action)
