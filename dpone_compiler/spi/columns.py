"""The source's columns as the compile knows them: one answer for every pass that asks."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import OPEN_MODES, ColumnSpec, Load
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.backend import Backend, Facts


def source_columns(load: Load, facts: Facts, source: Backend) -> tuple[Column, ...] | None:
    """The snapshot's columns, else those the manifest declares with types, else None."""
    if facts.source_table is not None:
        return facts.source_table.structure.columns
    if not load.read.declared:
        return None
    return tuple(
        Column(name=name, type=source.parse_type(native), native=native, nullable=nullable)
        for name, native, nullable in load.read.declared
    )


def source_column(load: Load, facts: Facts, source: Backend, name: str) -> Column | None:
    """One column of the source by its exact name."""
    return next((column for column in source_columns(load, facts, source) or () if column.name == name), None)


def column_specs(load: Load, facts: Facts, source: tuple[Column, ...]) -> tuple[ColumnSpec, ...]:
    """The columns that the load says, else all of the source."""
    if load.read.columns is not None:
        return load.read.columns
    listed = (column.name for column in source if column.name not in _of_the_feed(load, facts))
    return tuple(ColumnSpec(name=name, target=name) for name in listed)


def _of_the_feed(load: Load, facts: Facts) -> tuple[str, ...]:
    """Columns of a change table that say what happened and when; they are loaded only where the target has them too."""
    feed, target = load.read.feed, facts.target_table
    if feed is None or feed.mode != "change_table" or load.write.mode not in (*OPEN_MODES, "cdc_apply"):
        return ()
    cursor = load.read.cursor.column if load.read.cursor is not None else ""
    names = {feed.operation, feed.sequence, cursor} - set(load.write.key)
    return tuple(name for name in names if target is None or target.structure.column(name) is None)


def origin_of(spec: ColumnSpec, source: tuple[Column, ...], backend: Backend) -> Column | None:
    """What is read for a column: the source's own, its cast, or an expression; None where the source has no such column."""
    if spec.sql is not None:
        native = spec.cast or "text"
        return Column(name=spec.target, type=backend.parse_type(native), native=native)
    found = next((column for column in source if column.name == spec.name), None)
    if found is None or not spec.cast:
        return found
    return replace(found, type=backend.parse_type(spec.cast), native=spec.cast)


def wanted_column(spec: ColumnSpec, origin: Column) -> Column:
    """What a target column is proposed for: a text, where values are kept as text."""
    return replace(origin, type=DataType(kind=Kind.TEXT), native="text") if spec.lossy == "text" else origin


def proposed_type(source: Backend, sink: Backend, column: Column) -> str:
    """The type of a column of a new target: the source's own between two tables of one engine, else the sink's proposal."""
    if source.name == sink.name:
        return column.native
    native = sink.propose_type(column.type)
    return sink.optional(native) if column.nullable else native
