"""incremental_append: after the load the target also holds the rows of the window, each once."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import CheckWindowOwned, InsertStaged, MovePartitions, Reconcile
from dpone_compiler.plan.phases import close_run, fence_finalize, open_run, prove, stage
from dpone_compiler.plan.sequence import COMMITTED, Sequence
from dpone_compiler.plan.shape import finish, rows_selection, shape_of, staging
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a cursor: without one nothing says which rows are new."""
    if load.read.cursor is None:
        return NotViable("cursor_required", "it needs a cursor to know which rows are new")
    if load.write.policies.on_leave_filter == "delete":
        return NotViable("unique_key_required", "on_leave_filter: delete deletes by key, and an append has none")
    if load.write.policies.empty_slice == "clear":
        return NotViable("not_supported", "it never clears the target: empty_slice is fail or keep")
    return Viable("new rows are added, nothing is changed")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """How new rows come in."""
    if setting.sink.capabilities(setting.facts.target_engine).transactional:
        return "insert", "rows and watermark commit together"
    return "move_partitions", "moving a partition out of staging is atomic, and moving it twice is moving it once"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the window, prove it, add it."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    cursor = source_column(load, setting.facts, setting.source, load.read.cursor.column) if load.read.cursor else None
    shape = shape_of(
        load,
        transactional=capabilities.transactional,
        cursor_type=cursor.type if cursor else None,
        stages_alone=capabilities.stages_alone,
    )
    rows = staging("rows", shape.columns, shaped=not capabilities.transactional)
    seq = Sequence()
    open_run(seq, shape)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows)
    group = ""
    if capabilities.transactional:
        group = "finalize"
        fence_finalize(seq)
        seq.add(
            "insert-staged",
            InsertStaged(staging=rows),
            "add the staged rows",
            "columns are listed, never positional",
            idempotency=Idempotency.TRANSACTIONAL,
            guard=COMMITTED,
            transaction=group,
            path="sink.strategy.mode",
        )
    else:
        if shape.interval is not None:
            seq.add(
                "check-window-owned",
                CheckWindowOwned(staging=rows, interval=shape.interval),
                "no other rows lie in the window",
                "the proof of an append is the rows of its window, and it must be possible before anything moves",
                idempotency=Idempotency.PURE,
                path="source.cursor",
            )
        seq.add(
            "move-partitions",
            MovePartitions(staging=rows),
            "move each staged partition into the target",
            "atomic per partition; a partition that was moved is gone from staging",
            path="sink.strategy.mode",
        )
    seq.add(
        "reconcile",
        Reconcile(staging=rows, level=shape.level, scope="window", key=load.write.key, interval=shape.interval),
        "prove that the rows of the window arrived",
        "the watermark must not move on a claim",
        idempotency=Idempotency.PURE,
        guard=COMMITTED if group else seq.steps[-1].guard,
        transaction=group,
        path="source.cursor",
    )
    close_run(seq, shape, rows)
    return finish(load, seq)


STRATEGY = Strategy(
    name="incremental_append", needs_key=False, judge=judge, finalizer=finalizer, steps=steps, reload="loaded"
)
