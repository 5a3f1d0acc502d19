"""From a decided load to the pieces that every strategy's steps are made of."""

from __future__ import annotations

from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.interval import Interval, PartitionSet
from dpone_compiler.ir.load import Load, MovedColumn, ParsedSql, SqlText
from dpone_compiler.plan.actions import Selection, Staging
from dpone_compiler.plan.contract import derive_contract
from dpone_compiler.plan.lease_steps import under_a_lease
from dpone_compiler.plan.phases import Shape
from dpone_compiler.plan.sequence import Sequence
from dpone_compiler.plan.step import Plan


def shape_of(load: Load, *, transactional: bool, cursor_type: DataType | None, stages_alone: bool = False) -> Shape:
    """The shape of a decided load; `cursor_type` None: the strategy reads no window. The bools are the sink's capabilities."""
    if isinstance(load.decisions.columns, Undecided):
        raise TypeError("columns were not resolved")
    interval = None
    if cursor_type is not None and load.read.cursor is not None:
        cursor = load.read.cursor
        interval = Interval(column=cursor.column, type=cursor_type, include_null=cursor.nulls == "always_read")
    return Shape(
        load=load,
        transactional=transactional,
        stages_in_transaction=transactional and not stages_alone,
        columns=load.decisions.columns,
        level=decided(load.decisions.reconcile),
        interval=interval,
    )


def filter_of(load: Load) -> ParsedSql | None:
    """The parsed filter. Raises TypeError when it was never parsed: a dropped `where` would be a disaster."""
    if isinstance(load.read.where, SqlText):
        raise TypeError("the filter was not parsed")
    return load.read.where


def tombstone_of(load: Load) -> ParsedSql | None:
    """The parsed tombstone. Raises TypeError when it was never parsed."""
    if isinstance(load.read.tombstone, SqlText):
        raise TypeError("the tombstone was not parsed")
    return load.read.tombstone


def rows_selection(shape: Shape, partitions: PartitionSet | None = None) -> Selection:
    """All moved columns: of the window, or of whole partitions (which are read again regardless of the window)."""
    return Selection(
        table=shape.load.read.endpoint.table,
        columns=shape.columns,
        where=filter_of(shape.load),
        tombstone=tombstone_of(shape.load),
        interval=None if partitions is not None else shape.interval,
        partitions=partitions,
    )


def left_selection(shape: Shape, columns: tuple[MovedColumn, ...]) -> Selection:
    """Keys of the window's rows that do not satisfy the filter, or that the source has deleted, as the policies ask."""
    policies = shape.load.write.policies
    return Selection(
        table=shape.load.read.endpoint.table,
        columns=columns,
        where=filter_of(shape.load) if policies.on_leave_filter == "delete" else None,
        tombstone=tombstone_of(shape.load) if policies.deletes != "ignore" else None,
        interval=shape.interval,
        negate_filter=True,
    )


def staging(role: str, columns: tuple[MovedColumn, ...], *, shaped: bool = False) -> Staging:
    """A staging table of this role."""
    return Staging(role=role, columns=columns, shaped=shaped)


def finish(load: Load, seq: Sequence, notes: tuple[str, ...] = ()) -> Plan:
    """The plan with its contract derived from the steps."""
    steps = under_a_lease(tuple(seq.steps)) if load.write.lock_connection else tuple(seq.steps)
    return Plan(load=load.name, steps=steps, contract=derive_contract(load, steps), notes=notes)
