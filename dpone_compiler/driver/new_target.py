"""A target that no snapshot has and that the plan makes: its columns from the source's catalog, its structure from the sink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import OPEN_MODES, Load, MovedColumn, ParsedSql
from dpone_compiler.ir.schema import Column, TableFacts
from dpone_compiler.spi.backend import Backend, Facts, NewTable
from dpone_compiler.spi.columns import column_specs, origin_of, proposed_type, source_columns, wanted_column
from dpone_compiler.spi.technical import technical_columns

# Of these the target holds one row a key: staged rows replace those of their keys, or all rows.
_ONE_ROW_A_KEY = ("full_refresh", "incremental_merge", "partition_replace", "snapshot_diff", "cdc_apply")


def with_new_target(load: Load, facts: Facts, source: Backend, sink: Backend) -> Facts:
    """The facts with the table that will be made, where the load asks for one and no snapshot has it."""
    known = source_columns(load, facts, source)
    if load.write.create_target != "if_missing" or facts.target_table is not None or known is None:
        return facts
    moved = tuple(proposed_columns(load, facts, known, source, sink))
    strategy = "" if load.write.strategy in OPEN_MODES else load.write.strategy
    own = tuple(_own(load, facts, sink, moved))
    new = sink.new_target(
        NewTable(
            load=load,
            engine=facts.target_engine,
            columns=(*(each.target for each in moved), *own),
            own=tuple(column.name for column in own),
            strategy=strategy,
            unique=bool(load.write.key) and strategy in ("", *_ONE_ROW_A_KEY),
        )
    )
    made = None if new.structure is None else TableFacts(structure=new.structure)
    return replace(facts, target_table=made, new_target=new)


def proposed_columns(
    load: Load, facts: Facts, known: tuple[Column, ...], source: Backend, sink: Backend
) -> Iterator[MovedColumn]:
    """The columns that are loaded; one that the source lacks is left to `resolve-columns`, which refuses it."""
    for spec in column_specs(load, facts, known):
        origin = origin_of(spec, known, source)
        if origin is None:
            continue
        nullable = origin.nullable and spec.target not in load.write.key
        native = proposed_type(source, sink, replace(wanted_column(spec, origin), nullable=nullable))
        target = Column(name=spec.target, type=sink.parse_type(native), native=native, nullable=nullable)
        sql = spec.sql if isinstance(spec.sql, ParsedSql) else None
        yield MovedColumn(source=replace(origin, name=spec.name if spec.sql is None else ""), target=target, sql=sql)


def _own(load: Load, facts: Facts, sink: Backend, moved: tuple[MovedColumn, ...]) -> Iterator[Column]:
    """Columns that the strategy writes itself."""
    resolved = replace(load, decisions=replace(load.decisions, columns=moved))
    # An open mode becomes a merge where rows are to be marked: no other strategy knows of the policy.
    strategy = "incremental_merge" if load.write.strategy in OPEN_MODES else load.write.strategy
    found = [each.column for each in technical_columns(resolved, strategy, facts, sink)]
    if load.read.feed is not None and load.read.feed.deleted_column:
        native = sink.propose_type(DataType(kind=Kind.BOOL))
        found.append(Column(name=load.read.feed.deleted_column, type=sink.parse_type(native), native=native))
    loaded = {each.target.name for each in moved}
    for column in found:
        if column.name not in loaded:
            yield replace(column, native=sink.optional(column.native)) if column.nullable else column
