"""full_refresh: after the load the target holds exactly the selected rows of the source."""

from __future__ import annotations

from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import (
    CheckLosses,
    DeleteAll,
    DropPartitions,
    ExchangeTables,
    InsertStaged,
    Reconcile,
    ReplacePartitions,
    Staging,
)
from dpone_compiler.plan.beside import check_losses, drop_retired, swap_shadow
from dpone_compiler.plan.phases import Shape, close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import finish, rows_selection, shape_of, staging
from dpone_compiler.plan.step import Guard, Idempotency, Plan
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable

ATOMIC_DATABASES = ("Atomic", "Replicated", "Shared")


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It always fits a table that can be changed."""
    if not setting.sink.capabilities(setting.facts.target_engine).mutable_table:
        return NotViable("not_supported", "the sink is not a table that can be replaced")
    if load.write.policies.empty_slice == "keep":
        return NotViable("not_supported", "an empty source leaves an empty target here: empty_slice is fail or clear")
    return Viable("it needs nothing but the source")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """How the old rows give way to the new ones."""
    if setting.sink.capabilities(setting.facts.target_engine).transactional:
        policy = load.decisions.merge_policy
        if not isinstance(policy, Undecided) and (
            policy.value == "shadow_swap" or policy.rule == "explicit_merge_policy"
        ):
            return policy.value, policy.reason
        if load.write.policies.readers == "tolerant":
            return (
                "truncate_insert",
                "readers: tolerant; TRUNCATE is fast, but a reader with an older snapshot sees no rows",
            )
        return (
            "delete_insert",
            "a reader with an older snapshot still sees the old rows, which TRUNCATE would take away",
        )
    table = setting.facts.target_table
    if table is None:
        return "replace_partitions", "no snapshot proves that the database engine can exchange tables atomically"
    if table.structure.database_engine not in ATOMIC_DATABASES:
        return (
            "replace_partitions",
            f"the database engine {table.structure.database_engine} cannot exchange tables atomically",
        )
    staging_schema = load.write.staging_schema
    if staging_schema not in ("", load.write.endpoint.table.schema):
        return (
            "replace_partitions",
            f"staging is in the database {staging_schema}, and tables are exchanged inside one database only",
        )
    views = [name for kind, name in table.structure.hazards if kind == "materialized_view"]
    if views:
        return (
            "replace_partitions",
            f"the materialized view {views[0]} hangs on the target, and an exchange would cut it off",
        )
    return "exchange_tables", "one atomic statement swaps the old table for the proved one"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage everything, prove it, change the target in one go."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    shape = shape_of(
        load, transactional=capabilities.transactional, cursor_type=None, stages_alone=capabilities.stages_alone
    )
    rows = staging("rows", shape.columns, shaped=not capabilities.transactional)
    seq = Sequence()
    open_run(seq, shape)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows)
    how = decided(load.decisions.finalizer)
    check_losses(seq, shape, CheckLosses(staging=rows))
    if how == "shadow_swap":
        proof = Reconcile(staging=rows, level=shape.level, scope="all", key=load.write.key)
        swap_shadow(seq, shape, rows, None, proof)
    elif capabilities.transactional:
        _replace_in_transaction(seq, shape, rows, truncate=how == "truncate_insert")
    elif how == "exchange_tables":
        seq.add(
            "exchange-tables",
            ExchangeTables(staging=rows),
            "swap target and staging",
            "readers see the old table or the new one, never a mix",
            guard=Guard(kind="query", why="the target has the identity that staging had"),
            path="sink.strategy.mode",
        )
    else:
        seq.add(
            "replace-partitions",
            ReplacePartitions(staging=rows),
            "replace each partition by the staged one",
            "atomic per partition, and repeating it gives the same rows",
            path="sink.strategy.mode",
        )
        seq.add(
            "drop-stale-partitions",
            DropPartitions(staging=rows, affected=None),
            "drop partitions that the source no longer has",
            "they would be stale rows",
            path="sink.strategy.mode",
        )
    if not capabilities.transactional:
        seq.add(
            "reconcile",
            Reconcile(staging=rows, level=shape.level, scope="all", key=load.write.key),
            "prove that the target holds what was staged",
            "the watermark must not move on a claim",
            idempotency=Idempotency.PURE,
        )
    close_run(seq, shape, rows)
    if how == "shadow_swap":
        drop_retired(seq)
    return finish(load, seq)


def _replace_in_transaction(seq: Sequence, shape: Shape, rows: Staging, *, truncate: bool) -> None:
    fence_finalize(seq)
    for step_id, action, purpose, why in (
        (
            "delete-all",
            DeleteAll(truncate=truncate),
            "take the old rows out",
            "the new ones come in the same transaction",
        ),
        ("insert-staged", InsertStaged(staging=rows), "put the staged rows in", "columns are listed, never positional"),
        (
            "reconcile",
            Reconcile(staging=rows, level=shape.level, scope="all", key=shape.load.write.key),
            "prove that the target holds what was staged",
            "inside the transaction a failed proof undoes everything",
        ),
    ):
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if step_id == "reconcile" else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path="sink.strategy.mode",
        )


STRATEGY = Strategy(name="full_refresh", needs_key=False, judge=judge, finalizer=finalizer, steps=steps, reload="whole")
