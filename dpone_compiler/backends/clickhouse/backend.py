"""The ClickHouse backend: one value, total over the closed union of actions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from dpone_compiler.backends.clickhouse import (
    apply_steps,
    clean_steps,
    clearing,
    feed_steps,
    history,
    missing,
    new_columns,
    new_target,
    partitions,
    proof_steps,
    scope,
    slices,
    staging_steps,
    state,
    state_steps,
    tombstones,
)
from dpone_compiler.backends.clickhouse.capabilities import capabilities
from dpone_compiler.backends.clickhouse.carry import carry
from dpone_compiler.backends.clickhouse.digest import row_text
from dpone_compiler.backends.clickhouse.grants import grants
from dpone_compiler.backends.clickhouse.hazards import hazards
from dpone_compiler.backends.clickhouse.natives import NATIVES
from dpone_compiler.backends.clickhouse.policies import judge_policy
from dpone_compiler.backends.clickhouse.profile import DEFAULT_DATABASE, params, view
from dpone_compiler.backends.clickhouse.state_commands import state_commands
from dpone_compiler.backends.clickhouse.types import optional, propose_type
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan import actions, feed_actions, lease_actions, slice_actions, snapshot_actions, target_actions
from dpone_compiler.plan import tombstones as gone
from dpone_compiler.plan.step import Step
from dpone_compiler.spi.backend import Backend, Context, Lowered, SetupFile, Unsupported
from dpone_compiler.sql.clickhouse_types import parse_type

# Text and names of users never hold a brace (sql/clickhouse_names.py), so every match is a placeholder of ours.
_PLACEHOLDER = re.compile(r"\{([a-z_]+):[A-Za-z]+\}")


def lower_source(_ctx: Context, step: Step) -> Lowered | Unsupported:
    """ClickHouse is not read from yet."""
    return Unsupported(
        f"ClickHouse is a target only in this version; it cannot do {type(step.action).__name__} as a source"
    )


def lower_sink(ctx: Context, step: Step) -> Lowered | Unsupported:
    """How ClickHouse does a step, with every parameter that its bodies read, or why it does not."""
    lowered = _lowered(ctx, step)
    if isinstance(lowered, Unsupported):
        return lowered
    if isinstance(step.action, actions.Reconcile) and step.guard.kind == "query":
        lowered = replace(lowered, guard=apply_steps.exchanged(view(ctx)).text)
    elif step.guard.kind == "query" and (rewrite := _rewrite_of(ctx, step.action)) is not None:
        lowered = replace(lowered, guard=state_steps.rewrite_stands(ctx, rewrite))
    read = (name for body in lowered.bodies.values() for name in _PLACEHOLDER.findall(body) if name != "item")
    return replace(lowered, params=tuple(dict.fromkeys(read)))


def _rewrite_of(ctx: Context, action: actions.Action) -> actions.Staging | None:
    """The rewrite table that the action makes, notes, or prepares: all of them are over once it is noted."""
    built = next((made for step in ctx.plan.steps if (made := _made_by(step.action)) is not None), None)
    match action:
        case actions.BuildRewrite() | actions.BuildShadow() | actions.RecordRewrite():
            return built
        case actions.DropStaging(staging=staging) | actions.CreateStaging(staging=staging):
            return built if staging.role in _BEFORE else None
        case (
            snapshot_actions.FindMissing()
            | snapshot_actions.CheckDeletes()
            | snapshot_actions.BuildDiff()
            | snapshot_actions.BuildVersions()
        ):
            return built
        case _:
            return None


def _made_by(action: actions.Action) -> actions.Staging | None:
    match action:
        case actions.BuildRewrite():
            return action.rewrite
        case actions.BuildShadow():
            return action.shadow
        case _:
            return None


_BEFORE = ("rewrite", "shadow", "missing", "diff", "versions")


def _lowered(ctx: Context, step: Step) -> Lowered | Unsupported:  # noqa: PLR0912, PLR0915, C901 - a match over the closed union
    action = step.action
    match action:
        case actions.CheckTable():
            return proof_steps.check_table(ctx, action)
        case actions.ReadState():
            return state_steps.read_state(ctx, action)
        case actions.CheckPartitionList():
            return partitions.check_partition_list(ctx, action)
        case actions.AcquireLease():
            return state_steps.acquire_lease(ctx, action)
        case actions.OpenAttempt():
            return state_steps.open_attempt(ctx, action)
        case actions.DropOldStaging():
            return staging_steps.drop_old_staging(ctx, action)
        case actions.CreateStaging():
            return staging_steps.create_staging(ctx, action)
        case actions.Transfer():
            return staging_steps.load_rows(ctx, action)
        case actions.FindPartitions():
            return partitions.find_partitions(ctx, action)
        case actions.CheckStagedRows():
            return staging_steps.check_staged_rows(ctx, action)
        case actions.CheckNotEmpty():
            return staging_steps.check_not_empty(ctx, action)
        case actions.CheckNullKeys():
            return staging_steps.check_null_keys(ctx, action)
        case actions.CheckDuplicateKeys():
            return staging_steps.check_duplicate_keys(ctx, action)
        case actions.CheckPartitionValues():
            return partitions.check_partition_values(ctx, action)
        case actions.RecordStaged():
            return state_steps.record_staged(ctx, action)
        case actions.CheckWindowOwned():
            return proof_steps.check_window_owned(ctx, action)
        case actions.ExchangeTables():
            return apply_steps.exchange_tables(ctx, action)
        case actions.MovePartitions():
            return apply_steps.move_partitions(ctx, action)
        case actions.BuildRewrite():
            return apply_steps.build_rewrite(ctx, action)
        case actions.RecordRewrite():
            return state_steps.record_rewrite(ctx, action)
        case actions.ReplacePartitions():
            return apply_steps.replace_partitions(ctx, action)
        case actions.DropPartitions():
            return apply_steps.drop_partitions(ctx, action)
        case actions.AwaitCleared():
            return clearing.await_cleared(ctx)
        case actions.DeleteMatching():
            return apply_steps.delete_matching(ctx, action)
        case actions.InsertStaged():
            return apply_steps.insert_staged(ctx, action)
        case actions.Reconcile():
            return proof_steps.reconcile(ctx, action)
        case actions.CommitState():
            return state_steps.commit_state(ctx, action)
        case actions.DropStaging():
            return staging_steps.drop_staging(ctx, action)
        case actions.ReleaseLease():
            return state_steps.release_lease(ctx, action)
        case actions.Fence():
            return Unsupported(
                "ClickHouse has no transaction to fence; the state table refuses rows of an older token instead"
            )
        case actions.DeleteAll():
            return Unsupported(
                "readers would see an empty table; a full refresh exchanges tables or replaces partitions"
            )
        case actions.DeletePartitions():
            return Unsupported("partitions are replaced or dropped as a whole, not deleted row by row")
        case actions.UpdateMatching():
            return Unsupported("an UPDATE is a mutation that rewrites whole parts; rows are replaced instead")
        case actions.BuildPartitions() | actions.SwapPartitions() | actions.DropRetired():
            return Unsupported("partitions are replaced or dropped by one statement each; nothing is attached")
        case actions.CheckScope():
            return scope.check_scope(ctx, action)
        case actions.CheckLosses():
            return proof_steps.check_losses(ctx, action)
        case actions.BuildShadow():
            return apply_steps.build_shadow(ctx, action)
        case actions.DeleteScope():
            return Unsupported("rows are replaced with their partitions")
        case actions.CleanStaging():
            return clean_steps.clean_staging(ctx, action)
        case actions.FreezeWindow() | actions.FingerprintSource() | actions.CheckValues():
            return Unsupported("this is a step of the source")
        case (
            feed_actions.CreateSlot()
            | feed_actions.ExportSnapshot()
            | feed_actions.ReadChanges()
            | feed_actions.AdvanceSlot()
        ):
            return Unsupported("the slot is on the source")
        case gone.CheckTombstones():
            return tombstones.check_tombstones(ctx, action)
        case gone.MarkDeleted():
            return tombstones.mark_deleted(ctx, action)
        case gone.ProveDeleted():
            return tombstones.prove_deleted(ctx, action)
        case feed_actions.CheckChanges():
            return feed_steps.check_changes(ctx, action)
        case feed_actions.CollapseChanges():
            return feed_steps.collapse_changes(ctx, action)
        case target_actions.AddColumns():
            return new_columns.add_columns(ctx, action)
        case target_actions.CheckNotLost() | target_actions.CreateTarget():
            return new_target.lower(ctx, action)
        case lease_actions.TakeLease() | lease_actions.RenewLease():
            return Unsupported("the lease is kept in the database of lock_connection")
        case slice_actions.NextSlice() | slice_actions.CheckSliceFilled() | slice_actions.RecordSlice():
            return slices.lower_slice(ctx, action)
        case _:
            return _of_snapshots(ctx, action)


def _of_snapshots(ctx: Context, action: snapshot_actions.SnapshotAction) -> Lowered | Unsupported:
    match action:
        case snapshot_actions.FreezeInstant():
            return Unsupported("the instant is read on the source")
        case snapshot_actions.DeleteMissing() | snapshot_actions.MarkMissing() | snapshot_actions.DeleteStale():
            return Unsupported("rows are not changed in place here: the partitions that they lie in are rewritten")
        case snapshot_actions.CheckDeletes():
            return missing.check_deletes(ctx, action)
        case snapshot_actions.FindMissing():
            return missing.find_missing(ctx, action)
        case snapshot_actions.BuildDiff():
            return missing.build_diff(ctx, action)
        case snapshot_actions.ProveMissing():
            return missing.prove_missing(ctx, action)
        case snapshot_actions.BuildVersions():
            return history.build_versions(ctx, action)
        case snapshot_actions.ProveVersions():
            return history.prove_versions(ctx, action)
        case _:
            assert_never(action)


def setup(ctx: Context) -> tuple[SetupFile, ...]:
    """The state table, the databases of state and staging, and what the loader may do."""
    seen = view(ctx)
    files: list[SetupFile] = []
    there = DEFAULT_DATABASE if ctx.load.decisions.new_target is not None else seen.target.schema
    for database in sorted({seen.state.schema, seen.staging_database, seen.target.schema} - {there}):
        purpose = "database of dponec's state or staging tables"
        purpose = "database of the new target" if database == seen.target.schema else purpose
        body = state.create_database(database).text
        files.append(SetupFile(name=f"{len(files) + 1:02}_database.sql", side="target", body=body, purpose=purpose))
    files.append(
        SetupFile(
            name=f"{len(files) + 1:02}_state.sql",
            side="target",
            body=state.create_table(seen).text,
            purpose="the append-only state table; the row with the highest seq of a load is its state",
        )
    )
    if ctx.load.write.slices is not None:
        purpose = "the slices that backfills have loaded; without its row a slice is loaded again"
        body = slices.create_table(seen).text
        files.append(SetupFile(name=f"{len(files) + 1:02}_slices.sql", side="target", body=body, purpose=purpose))
    if not seen.legacy:  # 18.16 has no GRANT
        purpose = "what the loader may do; clickhouse-client --multiquery"
        body = grants(ctx, seen).text
        files.append(SetupFile(name=f"{len(files) + 1:02}_grants.sql", side="target", body=body, purpose=purpose))
    return tuple(files)


def digest_expression(columns: tuple[MovedColumn, ...], side: str) -> str:
    """Canonical row text as SQL."""
    return row_text(columns, side).text


BACKEND = Backend(
    name="clickhouse",
    dialect="clickhouse",
    default_schema=DEFAULT_DATABASE,
    capabilities=capabilities,
    parse_type=parse_type,
    propose_type=propose_type,
    carry=carry,
    lower_source=lower_source,
    lower_sink=lower_sink,
    digest_expression=digest_expression,
    setup=setup,
    params=params,
    state_table=lambda ctx: str(view(ctx).state),
    state_commands=state_commands,
    hazards=hazards,
    new_target=new_target.design,
    add_columns=new_columns.design,
    optional=optional,
    natives=NATIVES,
    judge_policy=judge_policy,
)
