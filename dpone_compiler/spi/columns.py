"""The source's columns as the compile knows them: one answer for every pass that asks."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
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
