"""The reading half of a load: filter, columns and cursor."""

from __future__ import annotations

from dpone_compiler.frontends.manifest.merging import Notes, Said
from dpone_compiler.frontends.manifest.models.sink import CdcBlock, Strategy
from dpone_compiler.frontends.manifest.models.source import CdcSource, ColumnBlock, CursorBlock, Source, SourceOptions
from dpone_compiler.frontends.problems import ColumnNameNeeded, MissingKey, UnsupportedKey
from dpone_compiler.ir.load import ChangeFeed, ColumnSpec, Cursor, DeclaredScope, SqlText

_DAY = 86400


def where_of(notes: Notes, source: Source, options: SourceOptions) -> SqlText | None:
    """The filter as written; dpone's two words for it mean the same."""
    text = notes.one(
        "source.where",
        Said("source.where", source.where),
        Said("source.options.custom_predicate", options.custom_predicate),
        Said("source.options.source_custom_predicate", options.source_custom_predicate),
    )
    return SqlText(text=text) if text is not None else None


def tombstone_of(notes: Notes, source: Source) -> SqlText | None:
    """What is true of a row that the source has deleted."""
    text = notes.one("source.tombstone", Said("source.tombstone", source.tombstone))
    return SqlText(text=text) if text is not None else None


def columns_of(notes: Notes, source: Source, options: SourceOptions) -> tuple[ColumnSpec, ...] | None:
    """The columns that are read; None for all."""
    if source.columns is not None:
        notes.mark({"source.columns": "source.columns"})
        return tuple(_column(notes, index, block) for index, block in enumerate(source.columns))
    if options.columns is None:
        return None
    path = "source.options.columns"
    notes.mark({"source.columns": path})
    notes.mark({f"source.columns.{index}": f"{path}.{index}" for index in range(len(options.columns))})
    return tuple(ColumnSpec(name=column.name, target=column.name) for column in options.columns)


def _column(notes: Notes, index: int, block: ColumnBlock) -> ColumnSpec:
    path = f"source.columns.{index}"
    notes.mark({path: path})
    name = block.name or block.as_ or ""
    if not name or (block.sql is None and block.name is None):
        notes.report(path, ColumnNameNeeded())
    return ColumnSpec(
        name=name,
        target=block.as_ or name,
        sql=SqlText(text=block.sql) if block.sql is not None else None,
        cast=block.cast or "",
        lossy=block.lossy or "",
    )


def declared_of(options: SourceOptions) -> tuple[tuple[str, str, bool], ...]:
    """The columns whose native type the manifest gives. A column is nullable unless it is said not to be."""
    return tuple((c.name, c.type, c.nullable is not False) for c in options.columns or () if c.type)


def scope_of(notes: Notes, options: SourceOptions) -> DeclaredScope | None:
    """The typed scope. Literals become text; the column's type reads them when the load is decided."""
    block, path = options.portable_scope, "source.options.portable_scope"
    if block is None:
        return None
    notes.mark({"source.scope": path})
    idle = ("lower", "upper", "inclusive") if block.kind == "equality" else ("value",)
    for key in idle:
        if getattr(block, key) is not None:
            notes.report(f"{path}.{key}", UnsupportedKey(f"{path}.{key}", f"kind: {block.kind} does not read it"))
    if block.kind == "equality":
        if block.value is None:
            notes.report(path, MissingKey("value", path))
        return DeclaredScope(column=block.column, kind="equality", low=_text(block.value))
    if block.lower is None and block.upper is None:
        notes.report(path, MissingKey("lower", path))
    return DeclaredScope(
        column=block.column,
        kind="range",
        low=_text(block.lower),
        high=_text(block.upper),
        inclusive=bool(block.inclusive),
    )


def _text(value: str | float | None) -> str | None:
    return None if value is None else str(value)


def cursor_of(notes: Notes, source: Source, options: SourceOptions) -> Cursor | None:
    """The cursor, in our block or in dpone's options."""
    block = source.cursor
    column = notes.one(
        "source.cursor.column",
        Said("source.cursor.column", block.column if block else None),
        Said("source.options.incremental_column", options.incremental_column),
    )
    if column is None:
        return None
    notes.spans["source.cursor"] = notes.spans["source.cursor.column"]
    block = block or CursorBlock(column=column)
    days = options.lookback_days
    lookback = notes.one(
        "source.cursor.lookback",
        Said("source.cursor.lookback", block.lookback),
        Said("source.options.lookback_days", None if days is None else days * _DAY),
    )
    return Cursor(
        column=column,
        lag=block.lag,
        lookback=lookback or 0,
        assigned_by=block.assigned_by or "",
        nulls=block.nulls or "",
    )


def feed_of(notes: Notes, options: SourceOptions, strategy: Strategy) -> ChangeFeed | None:
    """Where captured changes come from: dpone says one half with the source and the other with the strategy."""
    if options.cdc is None and strategy.cdc is None:
        return None
    paths = ("source.options.cdc", "sink.strategy.cdc")
    notes.mark({"source.feed": paths[0] if options.cdc is not None else paths[1]})
    source, applied, default = options.cdc or CdcSource(), strategy.cdc or CdcBlock(), ChangeFeed()
    return ChangeFeed(
        mode=source.mode or ("change_table" if applied.operation_column else default.mode),
        operation=applied.operation_column or "",
        sequence=applied.sequence_column or "",
        slot=source.slot or "",
        publication=source.publication or "",
        deletes=applied.delete_policy or default.deletes,
        deleted_column=applied.deleted_column or "",
        truncate=source.truncate or default.truncate,
    )
