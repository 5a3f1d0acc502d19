"""incremental_merge: after the load the target's row of each staged key is the staged one; other keys are untouched."""

from __future__ import annotations

from dpone_compiler.expr.types import INTEGRAL_CURSOR, Kind
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.beside import drop_retired
from dpone_compiler.plan.merging import merge
from dpone_compiler.plan.phases import Shape, close_run, open_run, prove, stage
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.shape import finish, left_selection, rows_selection, shape_of, staging
from dpone_compiler.plan.staging import Staging
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.tombstones import MarkDeleted, ProveDeleted
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable
from dpone_compiler.spi.technical import technical_columns

REPLACING = "replacing_merge_tree"


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a key; without a cursor the whole source is merged each time."""
    if not load.write.key:
        return NotViable("unique_key_required", "it needs a unique key to match rows")
    if load.write.policies.on_leave_filter == "delete" and load.read.where is None:
        return NotViable("filter_required", "on_leave_filter: delete needs a filter that rows can leave")
    if load.write.policies.empty_slice == "clear":
        return NotViable("not_supported", "it never clears the target: empty_slice is fail or keep")
    if load.write.policies.deletes != "ignore" and (lacks := _no_deletes(load, setting)):
        return NotViable("not_supported", lacks)
    return Viable("rows are matched by key, other keys are untouched")


def _no_deletes(load: Load, setting: Setting) -> str:
    """Why deleted rows cannot be followed as asked; '' when they can."""
    policies, limits, cursor = load.write.policies, load.write.limits, load.read.cursor
    if policies.staging_duplicates == "latest":
        return (
            "deletes: soft and hard need one row a key (staging_duplicates: fail); a table that keeps the deletion beside the row it "
            "deletes is a change table, which cdc_apply reads in order"
        )
    if policies.deletes == "soft" and policies.on_leave_filter == "delete":
        return "deletes: soft keeps rows and on_leave_filter: delete deletes them; use one of the two"
    limited = limits.max_delete_ratio is not None or limits.max_delete_rows is not None
    transactional = setting.sink.capabilities(setting.facts.target_engine).transactional
    if limited and (policies.deletes == "soft" or not transactional):
        return "limits of deletions are kept where rows are deleted in a transaction; drop them, or use deletes: hard there"
    if policies.deletes == "soft" and cursor is not None:
        column = source_column(load, setting.facts, setting.source, cursor.column)
        (mark,) = technical_columns(load, "incremental_merge", setting.facts, setting.sink)
        if column is not None and column.type.kind in INTEGRAL_CURSOR and mark.column.type.kind is Kind.TIMESTAMP:
            return (
                f"a mark is the end of the run's window, and cursor {cursor.column} is a number: make "
                f"{mark.column.name} a boolean column, or use a cursor in time"
            )
    return ""


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
    policy, deletes = decided(load.decisions.merge_policy), load.write.policies.deletes
    left = _left(shape, setting, policy)
    gone = None if left is None or deletes == "ignore" else _gone(load, setting, rows, left)
    marks = technical_columns(load, "incremental_merge", setting.facts, setting.sink)
    seq = Sequence()
    open_run(seq, shape, instant=bool(marks) and shape.interval is None)
    if left is not None:
        stage(seq, shape, left_selection(shape, left.columns), left)
    stage(seq, shape, rows_selection(shape), rows)
    prove(seq, shape, rows, deleted=left if gone is not None else None)
    mark = None if gone is None or left is None else _mark(load, setting, policy, left)
    made = merge(seq, shape, rows, None if mark is not None else left, policy, mark=mark, gone=gone)
    close_run(seq, shape, rows, *([left] if left else []), *made)
    if transactional and policy == "shadow_swap":
        drop_retired(seq)
    return finish(load, seq)


def _left(shape: Shape, setting: Setting, policy: str) -> Staging | None:
    """The keys that the target loses; an engine that forgets by a newer version needs that version beside them."""
    policies, key = shape.load.write.policies, shape.load.write.key
    if policies.on_leave_filter != "delete" and policies.deletes == "ignore":
        return None
    version = _version(setting) if policy == REPLACING and policies.deletes == "hard" else ""
    return staging("left", shape.named(*key, *((version,) if version and version not in key else ())))


def _gone(load: Load, setting: Setting, rows: Staging, left: Staging) -> ProveDeleted:
    marks = technical_columns(load, "incremental_merge", setting.facts, setting.sink)
    return ProveDeleted(staging=rows, left=left, key=load.write.key, mark=marks[0].column if marks else None)


def _mark(load: Load, setting: Setting, policy: str, left: Staging) -> MarkDeleted | None:
    """What marks deleted rows: the column of deletes: soft, or the engine's own that makes it forget them."""
    if load.write.policies.deletes == "soft":
        (mark,) = technical_columns(load, "incremental_merge", setting.facts, setting.sink)
        return MarkDeleted(staging=left, key=load.write.key, mark=mark.column)
    table = setting.facts.target_table
    flag = table.structure.column(table.structure.deleted_column) if table is not None else None
    if policy != REPLACING or flag is None:
        return None
    return MarkDeleted(staging=left, key=load.write.key, mark=flag, version=_version(setting))


def _version(setting: Setting) -> str:
    table = setting.facts.target_table
    return table.structure.version_column if table is not None else ""


STRATEGY = Strategy(
    name="incremental_merge",
    needs_key=True,
    judge=judge,
    finalizer=finalizer,
    steps=steps,
    reload="whole",
    tombstones=True,
)
