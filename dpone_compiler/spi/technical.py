"""Columns of the target that a strategy writes itself: what marks a row as gone, and what dates a version."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.snapshot_actions import Versions
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Context, Facts

INSTANT = DataType(kind=Kind.TIMESTAMP, precision=6, tz=True)
FLAG = DataType(kind=Kind.BOOL)
HASH_NAME = "row_hash"


@value(kw_only=True)
class Technical:
    """One column: the target's own, or one in the type that is proposed where the snapshot lacks it (`there` False).

    `wanted`: types of these kinds do. `nullable`: it must be able to hold NULL. `dated`: the type of the times that it is given where a
    cursor gives them; it must tell as many of them apart, and mean the same by a clock.
    """

    role: str  # mark | valid_from | valid_to | current | row_hash
    column: Column
    wanted: tuple[Kind, ...]
    nullable: bool
    there: bool
    dated: DataType | None = None


def technical_columns(load: Load, strategy: str, facts: Facts, sink: Backend) -> tuple[Technical, ...]:
    """The columns that this strategy writes besides the loaded ones."""
    column = partial(_column, facts, sink)
    soft = strategy == "incremental_merge" and load.write.policies.deletes == "soft"
    if soft or (strategy == "snapshot_diff" and missing_policy(load, strategy) == "soft_delete"):
        wanted = (Kind.TIMESTAMP, Kind.BOOL, Kind.INT)
        clock = _window_clock(load, facts) if soft else None
        zoned = INSTANT if clock is None else replace(INSTANT, tz=clock.tz)
        mark = column("mark", load.write.snapshot.mark, zoned, wanted, nullable=True)
        if mark.column.type.kind is not Kind.TIMESTAMP:
            return (replace(mark, nullable=False),)  # a flag need not be NULL to say no
        # A mark says about when, so that only the zone matters.
        return (mark if clock is None else replace(mark, dated=replace(mark.column.type, tz=clock.tz)),)
    if strategy != "scd2":
        return ()
    names, dated = load.write.history, _dated_by(load)
    since = dated if dating_column(load) else None
    found = [
        replace(column("valid_from", names.valid_from, dated, (dated.kind,), nullable=False), dated=since),
        replace(column("valid_to", names.valid_to, dated, (dated.kind,), nullable=True), dated=since),
        column("current", names.current, FLAG, (Kind.BOOL, Kind.INT), nullable=False),
    ]
    if name := names.row_hash or _own_hash(load, facts):
        text = DataType(kind=Kind.TEXT)
        found.append(column("row_hash", name, text, (Kind.TEXT,), nullable=False))
    return tuple(found)


def own_columns(ctx: Context) -> tuple[Column, ...]:
    """Columns of the target that this plan writes and does not load."""
    strategy, moved = ctx.load.decisions.strategy, ctx.load.decisions.columns
    if isinstance(strategy, Undecided):
        return ()
    loaded = {m.target.name for m in moved} if isinstance(moved, tuple) else set()
    found = technical_columns(ctx.load, strategy.value, ctx.facts, ctx.sink)
    return tuple(each.column for each in found if each.column.name not in loaded)


def missing_policy(load: Load, strategy: str) -> str:
    """What becomes of keys that the source lacks: as the manifest says, else dpone's default of the strategy."""
    default = {"snapshot_diff": "hard_delete", "scd2": "expire"}
    return load.write.snapshot.missing or default.get(strategy, "ignore")


def dating_column(load: Load) -> str:
    """The loaded column that dates a version, by its name in the target; '' where the cursor is not loaded or there is none."""
    cursor, columns = load.read.cursor, load.decisions.columns
    if cursor is None or not isinstance(columns, tuple):
        return ""
    return next((m.target.name for m in columns if m.sql is None and m.source.name == cursor.column), "")


def versions_of(load: Load, facts: Facts, sink: Backend) -> Versions:
    """How this load keeps its history."""
    by_role = {each.role: each.column for each in technical_columns(load, "scd2", facts, sink)}
    return Versions(
        key=load.write.key,
        since=dating_column(load),
        valid_from=by_role["valid_from"],
        valid_to=by_role["valid_to"],
        current=by_role["current"],
        row_hash=by_role.get("row_hash"),
        expire=load.read.cursor is None and missing_policy(load, "scd2") == "expire",
        keep_when_empty=load.write.policies.empty_slice == "keep",
    )


def _column(  # noqa: PLR0917 - what is known of the two ends, and one row of a table
    facts: Facts, sink: Backend, role: str, name: str, type_: DataType, wanted: tuple[Kind, ...], *, nullable: bool
) -> Technical:
    table = facts.target_table
    found = table.structure.column(name) if table is not None else None
    native = sink.propose_type(type_)
    proposed = Column(name=name, type=sink.parse_type(native), native=native, nullable=nullable)
    return Technical(
        role=role,
        column=found or proposed,
        wanted=wanted,
        nullable=nullable,
        there=found is not None or table is None,
    )


def _window_clock(load: Load, facts: Facts) -> DataType | None:
    """The type of the cursor whose windows give the marks their time, as it is loaded or else as the source has it; None: unknown."""
    if dating_column(load):
        return _dated_by(load)
    cursor, table = load.read.cursor, facts.source_table
    found = table.structure.column(cursor.column) if cursor is not None and table is not None else None
    return found.type if found is not None else None


def _dated_by(load: Load) -> DataType:
    name, columns = dating_column(load), load.decisions.columns
    if not name or not isinstance(columns, tuple):
        return INSTANT
    return next(m.target.type for m in columns if m.target.name == name)


def _own_hash(load: Load, facts: Facts) -> str:
    """dpone's own tables have the column; it is kept where nothing else fills it."""
    table, columns = facts.target_table, load.decisions.columns
    fed = {m.target.name for m in columns} if isinstance(columns, tuple) else set()
    there = table is not None and table.structure.column(HASH_NAME) is not None
    return HASH_NAME if there and HASH_NAME not in fed else ""
