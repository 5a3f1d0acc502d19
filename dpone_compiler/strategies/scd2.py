"""scd2: the target keeps every version of a key, with the half-open time in which it held."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import Action, CreateStaging, InsertStaged, Staging, UpdateMatching
from dpone_compiler.plan.emptied import create_alone
from dpone_compiler.plan.phases import Shape, close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import finish, rows_selection, shape_of, staging
from dpone_compiler.plan.snapshot_actions import BuildVersions, DeleteStale, ProveVersions, Versions
from dpone_compiler.plan.snapshot_steps import rebuilt, technical
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable
from dpone_compiler.spi.technical import dating_column, versions_of

_PATH = "sink.strategy.mode"
_BUILD = (
    "build the new history of every key that changes",
    "a late row is put where it belongs, and a row that is like the one before it makes no version",
)
_PROOF = (
    "prove the histories",
    "each staged row holds at its time, one version a key is open, and none overlap",
)


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a key; with a cursor each version is dated by it, without one by the run."""
    if not load.write.key:
        return NotViable("unique_key_required", "it needs a unique key, whose versions it keeps")
    if load.write.policies.on_leave_filter == "delete":
        return NotViable("not_supported", "a history is never deleted: on_leave_filter is keep")
    cursor = load.read.cursor
    if cursor is None:
        return Viable("every version of a row is kept; versions are dated by the run that finds them")
    since = dating_column(load)
    if not since:
        return NotViable("not_supported", f"the cursor {cursor.column} dates the versions, so it has to be loaded")
    if since in load.write.key:
        return NotViable(
            "not_supported", f"the cursor {cursor.column} is part of the key, so each version has a key of its own"
        )
    if cursor.nulls == "always_read":
        return NotViable("not_supported", "a row whose cursor is NULL has no time: cursor.nulls is fail")
    return Viable("every version of a row is kept, dated by its cursor; late rows find their place")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """In place where one transaction holds it together, by whole partitions elsewhere."""
    if setting.sink.capabilities(setting.facts.target_engine).transactional:
        return "update_insert", "versions that stay keep their rows, so what refers to them stays valid"
    return "partition_rewrite", "no column is updated in place, so it does not matter whether the table is sorted by it"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the window or the whole source, prove it, build the histories that change, and put them in place."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    cursor = source_column(load, setting.facts, setting.source, load.read.cursor.column) if load.read.cursor else None
    shape = shape_of(
        load,
        transactional=capabilities.transactional,
        cursor_type=cursor.type if cursor else None,
        stages_alone=capabilities.stages_alone,
    )
    history, rows, seq = versions_of(load, setting.facts, setting.sink), staging("rows", shape.columns), Sequence()
    added = [history.valid_from, history.valid_to, history.current, *([history.row_hash] if history.row_hash else [])]
    loaded = {moved.target.name for moved in shape.columns}
    versions = staging(
        "versions",
        (*shape.columns, *(technical(column) for column in added if column.name not in loaded)),
        shaped=not shape.transactional,
    )
    open_run(seq, shape, instant=shape.interval is None)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows, key=(*history.key, *((history.since,) if history.since else ())))
    made = (
        _in_place(seq, shape, rows, versions, history)
        if shape.transactional
        else _by_rewrite(seq, rows, versions, history)
    )
    close_run(seq, shape, rows, *made)
    return finish(load, seq, _notes(shape, history))


def _notes(shape: Shape, history: Versions) -> tuple[str, ...]:
    if shape.interval is not None:
        return ("a load with a cursor does not see deletions: no version is closed because its key is gone",)
    return ("versions are dated by the source's clock when the attempt was opened; a resumed run keeps that instant",)


def _in_place(seq: Sequence, shape: Shape, rows: Staging, versions: Staging, history: Versions) -> tuple[Staging, ...]:
    place = (*history.key, history.valid_from.name)
    if not shape.stages_in_transaction:
        create_alone(seq, versions, guard=COMMITTED)
    fence_finalize(seq)
    create = CreateStaging(staging=versions)
    created = ("create-versions", create, "create an empty table for histories", "in the transaction")
    actions: tuple[tuple[str, Action, str, str], ...] = (
        *([created] if shape.stages_in_transaction else []),
        ("build-versions", BuildVersions(staging=rows, versions=versions, history=history), *_BUILD),
        (
            "delete-stale",
            DeleteStale(versions=versions, history=history),
            "delete versions that their history no longer has",
            "two that became alike are one",
        ),
        (
            "update-versions",
            UpdateMatching(staging=versions, key=place),
            "update versions whose end or content changed",
            "the row stays the row, so what refers to it stays valid",
        ),
        (
            "insert-versions",
            InsertStaged(staging=versions, missing_key=place),
            "insert versions that are new",
            "in the same transaction",
        ),
        ("prove-versions", ProveVersions(staging=rows, versions=versions, history=history), *_PROOF),
    )
    for step_id, action, purpose, why in actions:
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if step_id == "prove-versions" else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path=_PATH,
        )
    return (versions,)


def _by_rewrite(seq: Sequence, rows: Staging, versions: Staging, history: Versions) -> tuple[Staging, ...]:
    rewrite = staging("rewrite", versions.columns, shaped=True)
    rebuilt(seq, versions, ("build-versions", BuildVersions(staging=rows, versions=versions, history=history), *_BUILD))
    rewrite_partitions(seq, versions, rewrite, key=history.key)
    proof = ProveVersions(staging=rows, versions=versions, history=history)
    seq.add("prove-versions", proof, *_PROOF, idempotency=Idempotency.PURE, path=_PATH)
    return versions, rewrite


STRATEGY = Strategy(
    name="scd2",
    needs_key=True,
    judge=judge,
    finalizer=finalizer,
    steps=steps,
    no_reload="a partition that is read again has the rows of today, and its versions would be lost",
)
