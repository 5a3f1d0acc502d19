"""replace: after the load the target's rows inside the declared scope are the source's rows inside the same scope."""

from __future__ import annotations

from dpone_compiler.ir.interval import Scope
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import Action, CheckLosses, DeleteScope, InsertStaged, Reconcile, Selection
from dpone_compiler.plan.beside import check_losses
from dpone_compiler.plan.phases import close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.rewriting import rewrite_partitions
from dpone_compiler.plan.scoping import typed_scope
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import filter_of, finish, shape_of, staging
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable

_PATH = "source.scope"
_PROOF = ("prove that the scope holds what was staged", "a replacement must not end on a claim")


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a typed scope of a loaded column."""
    if load.read.scope is None:
        return NotViable("scope_required", "it needs source.options.portable_scope")
    if load.read.cursor is not None:
        return NotViable("not_supported", "it reads its scope whole, so a cursor has nothing to do; remove it")
    if load.write.policies.on_leave_filter == "delete":
        return NotViable(
            "not_supported", "the scope is replaced whole, so on_leave_filter has nothing to do; remove it"
        )
    if load.write.policies.empty_slice == "keep":
        return NotViable("not_supported", "an empty scope in the source empties it in the target: say fail or clear")
    columns = load.decisions.columns
    if isinstance(columns, tuple) and isinstance(scope := typed_scope(load.read.scope, columns), str):
        return NotViable("scope_required", scope)
    return Viable("the rows of one declared scope are replaced, all others stay")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """How the scope's rows give way."""
    if setting.sink.capabilities(setting.facts.target_engine).transactional:
        return "delete_insert", "the scope's rows change in one transaction"
    return "partition_rewrite", "each partition that the scope touches is rewritten and replaced atomically"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the scope, prove that nothing lies outside of it, replace it."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    shape = shape_of(
        load, transactional=capabilities.transactional, cursor_type=None, stages_alone=capabilities.stages_alone
    )
    assert load.read.scope is not None, "judged before"
    scope = typed_scope(load.read.scope, shape.columns)
    assert isinstance(scope, Scope), "judged before"
    rows = staging("rows", shape.columns)
    selection = Selection(table=load.read.endpoint.table, columns=shape.columns, where=filter_of(load), scope=scope)
    seq = Sequence()
    open_run(seq, shape)
    stage(seq, shape, selection, rows)
    prove(seq, shape, rows, scope=scope)
    proof = Reconcile(staging=rows, level=shape.level, scope="rows", key=load.write.key, rows=scope)
    stagings = [rows]
    check_losses(seq, shape, CheckLosses(staging=rows, rows=scope))
    if capabilities.transactional:
        _in_transaction(seq, scope, InsertStaged(staging=rows), proof)
    else:
        rewrite = staging("rewrite", shape.columns, shaped=True)
        rewrite_partitions(seq, rows, rewrite, scope=scope, path=_PATH)
        seq.add("reconcile", proof, *_PROOF, idempotency=Idempotency.PURE, path=_PATH)
        stagings.append(rewrite)
    close_run(seq, shape, *stagings)
    return finish(load, seq)


def _in_transaction(seq: Sequence, scope: Scope, insert: InsertStaged, proof: Reconcile) -> None:
    fence_finalize(seq)
    actions: tuple[tuple[str, Action, str, str], ...] = (
        (
            "delete-scope",
            DeleteScope(scope=scope),
            "delete the target rows of the scope",
            "the read and the delete share one scope",
        ),
        ("insert-staged", insert, "insert the staged rows", "columns are listed, never positional"),
        ("reconcile", proof, *_PROOF),
    )
    for step_id, action, purpose, why in actions:
        seq.add(
            step_id,
            action,
            purpose,
            why,
            idempotency=Idempotency.PURE if action is proof else Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction="finalize",
            path=_PATH,
        )


STRATEGY = Strategy(name="replace", needs_key=False, judge=judge, finalizer=finalizer, steps=steps)
