"""Columns that the target of a snapshot lacks: their types as for a new target, and the table as it will be with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dpone_compiler.driver.new_target import proposed_columns
from dpone_compiler.ir.evolution import AddedColumns
from dpone_compiler.ir.load import ColumnSpec, Load
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.backend import Backend, Facts, NewTable
from dpone_compiler.spi.columns import column_specs, origin_of, source_columns

_UNKNOWN = (
    "no catalog snapshot has the target, so nothing says what it lacks; run `dponec introspect` and commit the snapshot"
)


def with_added_columns(load: Load, facts: Facts, source: Backend, sink: Backend) -> Facts:
    """The facts with the columns that will be added, where the load asks for it and the target of its snapshot lacks some."""
    table, known = facts.target_table, source_columns(load, facts, source)
    if load.write.schema_evolution != "additive" or facts.new_target is not None or known is None:
        return facts
    if table is None:
        return replace(facts, added=AddedColumns(refused=_UNKNOWN))
    there = {column.name for column in table.structure.columns}
    missing = [spec for spec in column_specs(load, facts, known) if spec.target not in there]
    if not missing:
        return replace(facts, added=AddedColumns())
    asked = replace(load, read=replace(load.read, columns=tuple(missing)))
    # Rows that are there have no value for it.
    columns = tuple(replace(each.target, nullable=True) for each in proposed_columns(asked, facts, known, source, sink))
    new = NewTable(load=load, engine=facts.target_engine, columns=columns, strategy="", unique=False)
    added = sink.add_columns(new, table.structure)
    if why := next(_computed(missing, known, source), ""):
        added = replace(added, refused=why)
    whole = replace(table.structure, columns=(*table.structure.columns, *added.columns))
    return replace(facts, target_table=replace(table, structure=whole), added=added)


def _computed(missing: list[ColumnSpec], known: tuple[Column, ...], source: Backend) -> Iterator[str]:
    """Whether the target is to compute a column too, its people have to say; a cast says that it is a plain one."""
    for spec in missing:
        origin = origin_of(spec, known, source)
        if origin is not None and not spec.cast and (origin.generated or origin.identity):
            how = "computes itself" if origin.generated else "numbers its own rows (identity)"
            yield (
                f"{spec.name!r} {how} in the source, and whether it should in the target too, nobody has said: give it a cast "
                "under source.columns, and a plain column is added"
            )
