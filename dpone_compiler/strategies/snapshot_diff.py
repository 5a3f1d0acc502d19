"""snapshot_diff: the whole source is compared with the target by key; keys that it lacks are deleted, marked or left."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.actions import Action, InsertStaged, Reconcile, Staging, UpdateMatching
from dpone_compiler.plan.phases import Shape, close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import finish, rows_selection, shape_of, staging
from dpone_compiler.plan.snapshot_actions import (
    BuildDiff,
    CheckDeletes,
    DeleteMissing,
    FindMissing,
    MarkMissing,
    ProveMissing,
)
from dpone_compiler.plan.snapshot_steps import rebuilt, technical
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.source.value import value
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable
from dpone_compiler.spi.technical import missing_policy, technical_columns

DEFAULT_RATIO = 0.5
_NAME = "snapshot_diff"
_PATH = "sink.strategy.mode"


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a key, and reads everything each time."""
    if not load.write.key:
        return NotViable("unique_key_required", "it needs a unique key to compare rows")
    if load.write.policies.on_leave_filter == "delete":
        return NotViable(
            "not_supported", "a row that leaves the filter is missing, and diff.delete_policy is for those"
        )
    return Viable("deletions are seen without help of the source")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """In place where one transaction holds it together, by whole partitions elsewhere."""
    if setting.sink.capabilities(setting.facts.target_engine).transactional:
        return "update_insert", "rows that are equal are not written, and all of it is one transaction"
    return (
        "partition_rewrite",
        "partitions with a difference are built anew and replaced one by one; others are not touched",
    )


@value(kw_only=True)
class _Asked:
    """What the manifest asks for, as the steps need it."""

    key: tuple[str, ...]
    policy: str
    mark: Column | None
    ratio: float | None
    rows: int | None
    keep: bool


def _asked(load: Load, setting: Setting) -> _Asked:
    columns = technical_columns(load, _NAME, setting.facts, setting.sink)
    limits = load.write.limits
    unguarded = limits.max_delete_ratio is None and limits.max_delete_rows is None
    return _Asked(
        key=load.write.key,
        policy=missing_policy(load, _NAME),
        mark=columns[0].column if columns else None,
        ratio=DEFAULT_RATIO if unguarded else limits.max_delete_ratio,
        rows=limits.max_delete_rows,
        keep=load.write.policies.empty_slice == "keep",
    )


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the whole source, prove it, find what is missing, stop if it is too much, and write the difference."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    shape = shape_of(
        load, transactional=capabilities.transactional, cursor_type=None, stages_alone=capabilities.stages_alone
    )
    asked, rows, seq = _asked(load, setting), staging("rows", shape.columns), Sequence()
    open_run(seq, shape, instant=asked.mark is not None)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows)
    made = _in_place(seq, shape, rows, asked) if shape.transactional else _by_rewrite(seq, shape, rows, asked)
    close_run(seq, shape, rows, *made)
    return finish(load, seq, _notes(load, asked))


def _notes(load: Load, asked: _Asked) -> tuple[str, ...]:
    found = []
    if load.write.snapshot.compare == "row_hash":
        found.append(
            "compare row_hash: rows are compared value by value, which finds what a hash finds and has no collisions"
        )
    if load.write.limits.max_delete_ratio is None and asked.ratio is not None and asked.policy != "ignore":
        found.append(
            "no guard of deletions is declared, so a run that would delete or mark more than half of the target stops; "
            "limits.max_delete_ratio and limits.max_delete_rows say otherwise"
        )
    return tuple(found)


def _check(rows: Staging, asked: _Asked, missing: Staging | None = None) -> tuple[str, Action, str, str]:
    check = CheckDeletes(
        staging=rows,
        key=asked.key,
        mark=asked.mark,
        ratio=asked.ratio,
        rows=asked.rows,
        missing=missing,
        keep_when_empty=asked.keep,
    )
    return "check-deletes", check, "stop when too many keys are missing", "a broken extract looks like a mass deletion"


def _proofs(shape: Shape, rows: Staging, asked: _Asked) -> list[tuple[str, Action, str, str]]:
    proof = Reconcile(staging=rows, level=shape.level, scope="keys", key=asked.key)
    found: list[tuple[str, Action, str, str]] = [
        (
            "reconcile",
            proof,
            "prove that every staged key is in the target once, with the staged values",
            "the state must not move on a claim",
        )
    ]
    if asked.policy != "ignore":
        gone = ProveMissing(staging=rows, key=asked.key, mark=asked.mark, keep_when_empty=asked.keep)
        found.append(
            (
                "prove-missing",
                gone,
                "prove that no key is left that the source lacks",
                "what was missed would stay for ever",
            )
        )
    return found


def _in_place(seq: Sequence, shape: Shape, rows: Staging, asked: _Asked) -> tuple[Staging, ...]:
    actions: list[tuple[str, Action, str, str]] = []
    if asked.policy != "ignore":
        actions.append(_check(rows, asked))
    if asked.mark is not None:
        mark = MarkMissing(staging=rows, key=asked.key, mark=asked.mark, keep_when_empty=asked.keep)
        actions.append(
            ("mark-missing", mark, "mark rows that the source lacks", "once: a mark that is there stays as it is")
        )
    elif asked.policy == "hard_delete":
        delete = DeleteMissing(staging=rows, key=asked.key, keep_when_empty=asked.keep)
        actions.append(("delete-missing", delete, "delete rows that the source lacks", "rows without a key stay"))
    update = UpdateMatching(staging=rows, key=asked.key, mark=asked.mark)
    insert = InsertStaged(staging=rows, missing_key=asked.key, mark=asked.mark)
    why = "unchanged rows are not written, so there are no dead tuples for nothing"
    actions.append(("update-matching", update, "update rows that differ", why))
    actions.append(("insert-missing", insert, "insert keys that are new", "in the same transaction"))
    fence_finalize(seq)
    proofs = _proofs(shape, rows, asked)
    for step_id, action, purpose, why in (*actions, *proofs):
        pure = step_id == "check-deletes" or (step_id, action, purpose, why) in proofs
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if pure else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path=_PATH,
        )
    return ()


def _by_rewrite(seq: Sequence, shape: Shape, rows: Staging, asked: _Asked) -> tuple[Staging, ...]:
    """Missing keys and differing rows are collected first; from them the partitions that hold a difference are built."""
    missing = staging("missing", shape.named(*asked.key)) if asked.policy != "ignore" else None
    marks = (technical(asked.mark),) if asked.mark is not None else ()
    diff = staging("diff", (*shape.columns, *marks), shaped=True)
    rewrite = staging("rewrite", diff.columns, shaped=True)
    if missing is not None:
        find = FindMissing(staging=rows, missing=missing, key=asked.key, mark=asked.mark, keep_when_empty=asked.keep)
        rebuilt(
            seq,
            missing,
            ("find-missing", find, "collect keys that the source lacks", "they are counted before they go"),
        )
        step_id, check, purpose, why = _check(rows, asked, missing)
        seq.add(step_id, check, purpose, why, idempotency=Idempotency.PURE, guard=seq.steps[-1].guard, path=_PATH)
    marked = missing if asked.mark is not None else None
    build = BuildDiff(staging=rows, diff=diff, key=asked.key, missing=marked, mark=asked.mark)
    rebuilt(seq, diff, ("build-diff", build, "collect the rows to write", "equal rows are left where they are"))
    left = missing if asked.policy == "hard_delete" else None
    rewrite_partitions(seq, diff, rewrite, key=asked.key, left=left)
    for step_id, action, purpose, why in _proofs(shape, rows, asked):
        seq.add(step_id, action, purpose, why, idempotency=Idempotency.PURE, path=_PATH)
    return (*((missing,) if missing else ()), diff, rewrite)


STRATEGY = Strategy(
    name=_NAME,
    needs_key=True,
    judge=judge,
    finalizer=finalizer,
    steps=steps,
    no_reload="every run compares the whole source, so running the load again repairs any partition",
)
