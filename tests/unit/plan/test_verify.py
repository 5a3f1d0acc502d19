"""plan/verify names the fault of each broken plan. The sound plans are those of the examples' strategies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dpone_compiler.driver.compile import compile_paths
from dpone_compiler.plan import actions
from dpone_compiler.plan import feed_actions as feed
from dpone_compiler.plan import lease_actions as elsewhere
from dpone_compiler.plan import snapshot_actions as snapshot
from dpone_compiler.plan import target_actions as making
from dpone_compiler.plan.step import Guard, Idempotency, Plan, Step
from dpone_compiler.plan.verify import MUTATIONS, verify_plan
from tests.cli.commands import EXAMPLES, ROOT

SOUND = {
    item.load.name: item.context.plan
    for item in compile_paths([EXAMPLES, ROOT / "tests" / "cases" / "loads"]).loads
    if item.context is not None
}
# Merge into Postgres: window, gates, fence, mutations, proof and state in one transaction.
MERGE = SOUND["orders_pg_to_pg"]
DAYS = SOUND["orders_days_pg_to_pg"]
SLOT, CHANGES = SOUND["cdc_slot_pg"], SOUND["cdc_table_pg"]
SCOPED = SOUND["replace_pg"]
MADE = SOUND["create_pg"]
GROWN = SOUND["evolve_pg"]
HARD, SOFT, DIFF = SOUND["snapshot_hard_pg"], SOUND["snapshot_soft_pg"], SOUND["snapshot_soft_ch"]
HISTORY = SOUND["history_run_pg"]
# Dates and numerics of Postgres, some of which ClickHouse does not hold.
TO_CLICKHOUSE = SOUND["orders_pg_to_ch"]
LEASED = SOUND["merge_leased_ch"]
OLD_SERVER = SOUND["merge_ch18"]
ATTACHED, SWITCHED = SOUND["attach_pg"], SOUND["switch_ms"]


def first(plan: Plan, *kinds: type) -> Step:
    return next(step for step in plan.steps if isinstance(step.action, kinds))


def without(plan: Plan, *kinds: type) -> Plan:
    """Cut the steps out; their successors come after their predecessors."""
    cut = {step.id: step.after for step in plan.steps if isinstance(step.action, kinds)}
    assert cut

    def joined(names: tuple[str, ...]) -> tuple[str, ...]:
        found = [later for name in names for later in (joined(cut[name]) if name in cut else (name,))]
        return tuple(dict.fromkeys(found))

    return replace(plan, steps=tuple(replace(s, after=joined(s.after)) for s in plan.steps if s.id not in cut))


def changed(plan: Plan, kind: type | tuple[type, ...], **fields: object) -> Plan:
    """The plan with fields of its first step of a kind changed."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    victim = first(plan, *kinds)
    made = replace(victim, **fields)  # type: ignore[arg-type]
    return replace(plan, steps=tuple(made if step is victim else step for step in plan.steps))


def chain(plan: Plan, steps: list[Step]) -> Plan:
    """The steps in this order, each after the one before it."""
    made = [replace(step, after=(steps[i - 1].id,) if i else ()) for i, step in enumerate(steps)]
    return replace(plan, steps=tuple(made))


def moved(plan: Plan, kind: type, before: type) -> Plan:
    """One step taken out and put before another."""
    steps = list(plan.steps)
    step = first(plan, kind)
    steps.remove(step)
    steps.insert(next(i for i, other in enumerate(steps) if isinstance(other.action, before)), step)
    return chain(plan, steps)


def another_window(plan: Plan, kind: type) -> Plan:
    action = first(plan, kind).action
    interval = first(plan, actions.FreezeWindow).action.interval  # type: ignore[union-attr]
    other = replace(interval, column="created_at")
    if isinstance(action, actions.Transfer):
        return changed(plan, kind, action=replace(action, selection=replace(action.selection, interval=other)))
    return changed(plan, kind, action=replace(action, interval=other))  # type: ignore[call-arg]


def interrupted(plan: Plan) -> Plan:
    steps = list(plan.steps)
    fence = next(i for i, step in enumerate(steps) if isinstance(step.action, actions.Fence))
    stranger = replace(first(plan, actions.ReadState), id="stranger")
    return chain(plan, [*steps[: fence + 1], stranger, *steps[fence + 1 :]])


def cycle(plan: Plan) -> Plan:
    return replace(plan, steps=(replace(plan.steps[0], after=(plan.steps[-1].id,)), *plan.steps[1:]))


def beside(plan: Plan, kind: type) -> Plan:
    """The step hangs beside the way to the state commit, which no longer comes after it."""
    step = first(plan, kind)
    steps = [
        replace(
            other,
            after=tuple(dict.fromkeys(x for name in other.after for x in (step.after if name == step.id else (name,)))),
        )
        for other in plan.steps
    ]
    return replace(plan, steps=tuple(steps))


def other_partitions(plan: Plan) -> Plan:
    action = first(plan, actions.DeletePartitions).action
    assert isinstance(action, actions.DeletePartitions)
    return changed(
        plan, actions.DeletePartitions, action=replace(action, partitions=replace(action.partitions, unit="month"))
    )


def another_scope(plan: Plan) -> Plan:
    action = first(plan, actions.DeleteScope).action
    assert isinstance(action, actions.DeleteScope)
    return changed(plan, actions.DeleteScope, action=replace(action, scope=replace(action.scope, inclusive=True)))


FAULTS: dict[str, tuple[Callable[[], Plan], str]] = {
    "no null-key gate": (lambda: without(MERGE, actions.CheckNullKeys), "can be reached without CheckNullKeys"),
    "no duplicate gate": (lambda: without(MERGE, actions.CheckDuplicateKeys), "without CheckDuplicateKeys"),
    "gate beside the way": (lambda: beside(MERGE, actions.CheckNullKeys), "can be reached without CheckNullKeys"),
    "staging not proved": (lambda: without(MERGE, actions.CheckStagedRows), "can be reached without CheckStagedRows"),
    "staging not recorded": (lambda: without(MERGE, actions.RecordStaged), "can be reached without RecordStaged"),
    "nothing transferred": (lambda: without(MERGE, actions.Transfer), "can be reached without Transfer"),
    "no reconcile": (lambda: without(MERGE, actions.Reconcile), "the state commit can be reached without Reconcile"),
    "reconcile beside": (lambda: beside(MERGE, actions.Reconcile), "the state commit can be reached without Reconcile"),
    "reconcile after commit": (
        lambda: moved(MERGE, actions.CommitState, before=actions.Reconcile),
        "the state commit can be reached without Reconcile",
    ),
    "mutation after reconcile": (
        lambda: moved(MERGE, actions.Reconcile, before=actions.DeleteMatching),
        "changes the target after the reconciliation",
    ),
    "mutation avoided": (
        lambda: beside(MERGE, actions.InsertStaged),
        "the state commit can be reached without insert",
    ),
    "no state commit": (lambda: without(MERGE, actions.CommitState), "0 state commits"),
    "transaction interrupted": (lambda: interrupted(MERGE), "is interrupted before"),
    "no fence": (lambda: without(MERGE, actions.Fence), "instead of a fence"),
    "commit elsewhere": (
        lambda: changed(MERGE, actions.CommitState, transaction=""),
        "do not commit in the same transaction",
    ),
    "another window read": (lambda: another_window(MERGE, actions.Transfer), "reads another window"),
    "another window committed": (lambda: another_window(MERGE, actions.CommitState), "commits another window"),
    "window after the read": (
        lambda: moved(MERGE, actions.FreezeWindow, before=actions.RecordStaged),
        "can read before the window is frozen",
    ),
    "other partitions deleted": (lambda: other_partitions(DAYS), "works on another set of partitions"),
    "partitions unknown": (lambda: without(DAYS, actions.FindPartitions), "before they are known"),
    "id twice": (lambda: replace(MERGE, steps=(MERGE.steps[0], *MERGE.steps)), "two steps have the same id"),
    "cycle": (lambda: cycle(MERGE), "steps form a cycle"),
    "unknown predecessor": (
        lambda: changed(MERGE, actions.Reconcile, after=("nobody",)),
        "steps come after unknown steps: ['nobody']",
    ),
    "boundary after": (
        lambda: changed(MERGE, actions.Transfer, retry_boundary=MERGE.steps[-1].id),
        "which does not come before it",
    ),
    "boundary beside": (
        lambda: changed(
            beside(MERGE, actions.CheckStagedRows), actions.RecordStaged, retry_boundary="check-staged-rows"
        ),
        "which does not come before it",
    ),
    "unit without boundary": (
        lambda: changed(MERGE, actions.Transfer, idempotency=Idempotency.WITH_UNIT, retry_boundary=""),
        "names no retry boundary",
    ),
    "transaction claimed": (
        lambda: changed(MERGE, actions.CheckTable, idempotency=Idempotency.TRANSACTIONAL),
        "claims a transaction and has none",
    ),
    "pure mutation": (lambda: changed(MERGE, MUTATIONS, idempotency=Idempotency.PURE), "claims to be pure"),
    "guard without answer": (
        lambda: changed(MERGE, actions.Transfer, guard=Guard(kind="phase")),
        "has no guard that can say it is done",
    ),
    "slot made after its snapshot": (
        lambda: moved(SLOT, feed.ExportSnapshot, before=feed.CreateSlot),
        "export-snapshot can be reached without CreateSlot: a change between snapshot and slot would be in neither",
    ),
    "slot never looked at": (
        lambda: without(SLOT, feed.CreateSlot),
        "read-changes can be reached without CreateSlot: a slot that lost changes",
    ),
    "first window before the snapshot": (
        lambda: moved(SLOT, actions.FreezeWindow, before=feed.ExportSnapshot),
        "freeze-window can be reached without ExportSnapshot",
    ),
    "peek before the window": (
        lambda: moved(SLOT, feed.ReadChanges, before=actions.FreezeWindow),
        "read-changes can be reached without FreezeWindow: a repeated read would give other changes",
    ),
    "sent before the peek": (
        lambda: moved(SLOT, actions.Transfer, before=feed.ReadChanges),
        "transfer-changes can be reached without ReadChanges",
    ),
    "slot advanced before the commit": (
        lambda: moved(SLOT, feed.AdvanceSlot, before=actions.CommitState),
        "advance-slot can be reached without CommitState: changes that are not in the target yet would be gone",
    ),
    "slot advanced before the apply": (
        lambda: moved(SLOT, feed.AdvanceSlot, before=feed.CollapseChanges),
        "advance-slot can be reached without CommitState",
    ),
    "slot advanced beside the commit": (
        lambda: beside(SLOT, actions.CommitState),
        "advance-slot can be reached without CommitState",
    ),
    "slot never advanced": (lambda: without(SLOT, feed.AdvanceSlot), "no step advances the slot"),
    "changes unchecked": (lambda: without(SLOT, feed.CheckChanges), "can be reached without CheckChanges"),
    "changes of a table unchecked": (
        lambda: without(CHANGES, feed.CheckChanges),
        "can be reached without CheckChanges",
    ),
    "changes not collapsed": (lambda: without(SLOT, feed.CollapseChanges), "can be reached without CollapseChanges"),
    "changes of a table not collapsed": (
        lambda: without(CHANGES, feed.CollapseChanges),
        "can be reached without CollapseChanges",
    ),
    "table made anew": (lambda: without(MADE, making.CheckNotLost), "can be reached without CheckNotLost"),
    "table made late": (
        lambda: moved(MADE, making.CreateTarget, actions.AcquireLease),
        "asks for a table that may not be there yet",
    ),
    "column added without the lease": (
        lambda: moved(GROWN, making.AddColumns, actions.AcquireLease),
        "add-columns can be reached without AcquireLease",
    ),
    "column added to any table": (
        lambda: without(GROWN, actions.CheckTable),
        "add-columns can be reached without CheckTable",
    ),
    "column added in a transaction": (
        lambda: changed(GROWN, making.AddColumns, transaction="finalize"),
        "holds the lock of its ALTER until the transaction finalize ends",
    ),
    "column added late": (
        lambda: moved(GROWN, making.AddColumns, actions.Transfer),
        "without a check of the target with its new columns",
    ),
    "column missing for ever": (
        lambda: without(GROWN, making.AddColumns),
        "lets columns be missing that no step adds",
    ),
    "scope unchecked": (lambda: without(SCOPED, actions.CheckScope), "can be reached without CheckScope"),
    "another scope deleted": (lambda: another_scope(SCOPED), "works on another scope than the one that is read"),
    "deletes uncounted": (
        lambda: without(HARD, snapshot.CheckDeletes),
        "delete-missing can be reached without CheckDeletes",
    ),
    "marks uncounted": (
        lambda: without(SOFT, snapshot.CheckDeletes),
        "can be reached without CheckDeletes: a broken extract",
    ),
    "difference uncounted": (lambda: without(DIFF, snapshot.CheckDeletes), "can be reached without CheckDeletes"),
    "deletes unproved": (
        lambda: without(HARD, snapshot.ProveMissing),
        "commit-state can be reached without ProveMissing",
    ),
    "versions not built": (
        lambda: without(HISTORY, snapshot.BuildVersions),
        "can be reached without BuildVersions: the history is not built yet",
    ),
    "versions unproved": (
        lambda: without(HISTORY, snapshot.ProveVersions),
        "commit-state can be reached without ProveVersions",
    ),
    "other rows fingerprinted": (
        lambda: changed(MERGE, actions.FingerprintSource, snapshot="another"),
        "does not fingerprint what is transferred",
    ),
    "an old server not waited for": (
        lambda: moved(OLD_SERVER, actions.DropPartitions, before=actions.Reconcile),
        "await-cleared can be reached without drop-emptied-partitions: what it replaces could come back",
    ),
    "an old server waited for beside the commit": (
        lambda: beside(OLD_SERVER, actions.AwaitCleared),
        "commit-state can be reached without await-cleared: replaced rows could come back behind it",
    ),
    "a lease that is not taken": (
        lambda: without(LEASED, elsewhere.TakeLease),
        "read-state can be reached without TakeLease: two hosts could run at once",
    ),
    "a lease that is taken too late": (
        lambda: moved(LEASED, elsewhere.TakeLease, actions.FreezeWindow),
        "read-state can be reached without TakeLease",
    ),
    "a lease that is not asked for again": (
        lambda: without(LEASED, elsewhere.RenewLease),
        "replace-partitions can be reached without RenewLease",
    ),
    "a lease that is asked for too late": (
        lambda: moved(LEASED, elsewhere.RenewLease, actions.Reconcile),
        "replace-partitions can be reached without RenewLease",
    ),
    "values not counted": (
        lambda: without(TO_CLICKHOUSE, actions.CheckValues),
        "can send values that the target cannot hold",
    ),
    "values counted in another snapshot": (
        lambda: changed(TO_CLICKHOUSE, actions.CheckValues, snapshot="another"),
        "can send values that the target cannot hold",
    ),
    "values counted too late": (
        lambda: moved(TO_CLICKHOUSE, actions.CheckValues, actions.CheckStagedRows),
        "can send values that the target cannot hold",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named(name: str) -> None:
    make, said = FAULTS[name]
    faults = verify_plan(make())
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize("name", sorted(SOUND))
def test_a_sound_plan_is_proved(name: str) -> None:
    assert verify_plan(SOUND[name]) == ()


def test_every_change_of_a_target_is_in_a_sound_plan() -> None:
    proved = {type(step.action) for plan in SOUND.values() for step in plan.steps}
    assert set(MUTATIONS) <= proved, set(MUTATIONS) - proved


@pytest.mark.parametrize("plan", [ATTACHED, SWITCHED])
def test_an_exchange_is_built_from_what_is_proved_and_dropped_after_the_commit(plan: Plan) -> None:
    assert verify_plan(plan) == ()
    unbuilt = " ".join(verify_plan(without(plan, actions.BuildPartitions)))
    assert "swap-partitions can be reached without BuildPartitions of the same rows and partitions" in unbuilt
    build = first(plan, actions.BuildPartitions)
    assert isinstance(build.action, actions.BuildPartitions)
    other = replace(build.action, staging=replace(build.action.staging, role="delta"))
    assert "without BuildPartitions" in " ".join(verify_plan(changed(plan, actions.BuildPartitions, action=other)))
    early = changed(plan, actions.DropRetired, after=first(plan, actions.RecordStaged).after)
    assert "drop-retired can be reached without CommitState" in " ".join(verify_plan(early))
    assert "without RecordStaged" in " ".join(verify_plan(without(plan, actions.RecordStaged)))
