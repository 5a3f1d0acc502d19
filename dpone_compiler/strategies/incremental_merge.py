"""incremental_merge: after the load the target's row of each staged key is the staged one; other keys are untouched."""

from __future__ import annotations

from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.beside import drop_retired
from dpone_compiler.plan.merging import merge
from dpone_compiler.plan.phases import close_run, open_run, prove, stage
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.shape import finish, left_selection, rows_selection, shape_of, staging
from dpone_compiler.plan.step import Plan
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a key; without a cursor the whole source is merged each time."""
    if not load.write.key:
        return NotViable("unique_key_required", "it needs a unique key to match rows")
    if load.write.policies.on_leave_filter == "delete" and load.read.where is None:
        return NotViable("filter_required", "on_leave_filter: delete needs a filter that rows can leave")
    if load.write.policies.empty_slice == "clear":
        return NotViable("not_supported", "it never clears the target: empty_slice is fail or keep")
    return Viable("rows are matched by key, other keys are untouched")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """The merge policy says it."""
    return decided(load.decisions.merge_policy), "the merge policy is the finalizer of a merge"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the window (and the keys that left the filter), prove it, merge by the chosen policy."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    transactional = capabilities.transactional
    cursor = source_column(load, setting.facts, setting.source, load.read.cursor.column) if load.read.cursor else None
    shape = shape_of(
        load,
        transactional=transactional,
        cursor_type=cursor.type if cursor else None,
        stages_alone=capabilities.stages_alone,
    )
    rows = staging("rows", shape.columns)
    left = staging("left", shape.named(*load.write.key)) if load.write.policies.on_leave_filter == "delete" else None
    seq = Sequence()
    open_run(seq, shape)
    if left is not None:
        stage(seq, shape, left_selection(shape), left)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows)
    policy = decided(load.decisions.merge_policy)
    made = merge(seq, shape, rows, left, policy)
    close_run(seq, shape, rows, *([left] if left else []), *made)
    if transactional and policy == "shadow_swap":
        drop_retired(seq)
    return finish(load, seq)


STRATEGY = Strategy(
    name="incremental_merge", needs_key=True, judge=judge, finalizer=finalizer, steps=steps, reload="whole"
)
