"""The `source` block: where rows are read, which of them, and what is known about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from dpone_compiler.frontends.manifest.models.closed import Closed, Field
from dpone_compiler.frontends.manifest.models.values import (
    COLUMN_TEXT,
    NAME_TEXT,
    SCHEMA_TEXT,
    TABLE_TEXT,
    UNUSED,
    Bytes,
    Count,
    Duration,
    Names,
    Positive,
    Recorded,
    ScopeLiteral,
    Share,
    SourceEngine,
    Text,
    Unused,
    ignored,
    unsupported,
)

_ONE_DATABASE = unsupported("the database or project belongs to the connection")


class Table(Closed):
    """A table by its parts; `database` and `dataset` are other words for the schema where an engine calls it so."""

    name: Text | None = None
    schema_: Text | None = Field(default=None, alias="schema")
    database: Text | None = None
    dataset: Text | None = None
    project: Annotated[str | None, _ONE_DATABASE] = None


class Place(Closed):
    """A schema without a table: where staging goes."""

    schema_: Text | None = Field(default=None, alias="schema")
    database: Text | None = None
    dataset: Text | None = None


TableField = Annotated[Table, TABLE_TEXT]
PlaceField = Annotated[Place, SCHEMA_TEXT]


class CursorBlock(Closed):
    """The column that says what is new."""

    column: Text
    lag: Duration | None = None
    lookback: Duration | None = None
    assigned_by: Literal["database"] | None = None
    nulls: Literal["fail", "always_read"] | None = None


class ColumnBlock(Closed):
    """One column that is read: a source column or an expression, renamed or cast on the way. `lossy`: what becomes of values that
    the target's type cannot hold."""

    name: Text | None = None
    as_: Text | None = Field(default=None, alias="as")
    cast: Text | None = None
    sql: Text | None = None
    lossy: Literal["fail", "null", "clamp", "text"] | None = None


class DeclaredColumn(Closed):
    """dpone's column list: a name, and the native type when it is known."""

    name: Text
    type: Text | None = None
    nullable: bool | None = None


class PortableScope(Closed):
    """A typed predicate: one value or a range of one column."""

    kind: Literal["equality", "range"]
    column: Text
    value: ScopeLiteral | None = None
    lower: ScopeLiteral | None = None
    upper: ScopeLiteral | None = None
    type: Text | None = None
    inclusive: bool | None = None


class CdcSource(Closed):
    """Where captured changes come from. dpone's modes of SQL Server are known and not supported yet."""

    mode: (
        Literal["logical_replication", "change_table"]
        | Annotated[Literal["mssql_cdc", "change_tracking"], unsupported("use logical_replication or change_table")]
        | None
    ) = None
    slot: Text | None = None
    publication: Text | None = None
    truncate: Literal["fail", "apply"] | None = None
    state_boundary: Unused = None


class HintKeys(Closed):
    """Estimates; dpone reads them in `source.options` and in `sink.strategy`, and so do we."""

    estimated_rows: Count | None = None
    estimated_bytes: Bytes | None = None
    changed_percent: Share | None = None
    delete_percent: Share | None = None
    cdc_enabled: bool | None = None
    partition_column: Text | None = None


class SourceOptions(HintKeys):
    """`source.options`: dpone's place for everything about the extraction."""

    columns: list[Annotated[DeclaredColumn, NAME_TEXT]] | None = None
    unique_key: Names | None = None
    incremental_column: Text | None = None
    incremental_strategy: (
        Annotated[str, unsupported("use source.cursor with a column", "column", "column_cursor")] | None
    ) = None
    lookback_days: Count | None = None
    batch_size: Positive | None = None
    custom_predicate: Text | None = None
    source_custom_predicate: Text | None = None
    portable_scope: PortableScope | None = None
    query: Annotated[object, unsupported("make a view in the source and read it as a table")] = None
    xmin_execution: Annotated[object, unsupported("use source.cursor with a column")] = None
    partitioning: Unused = None
    native_transfer: Unused = None
    type_fidelity: Unused = None
    source_timezone: Annotated[
        Any, ignored("a clock without a zone is read in the zone of the source's database; see DP224")
    ] = None
    cdc: CdcSource | None = None
    deletes: Annotated[Any, ignored("say source.tombstone and strategy.policies.deletes, or mode: snapshot_diff")] = (
        None
    )
    export_format: Unused = None
    compress_export: Unused = None
    extract_mode: Unused = None
    mssql_export_mode: Unused = None
    bulk: Unused = None
    client_os: Literal["linux", "windows"] | None = None
    table_kind: Unused = None
    source_kind: Unused = None
    event_table: Unused = None
    batch_commit_mode: Unused = None
    delta_size_threshold: Unused = None
    hooks: Unused = None


class Source(Closed):
    """Where rows come from."""

    type: SourceEngine
    connection_id: Text | None = None
    connection_ref: Text | None = None
    connection_type: Recorded = None
    vault_path: Unused = None
    # Keys of sources that are not supported yet: known, so that the message speaks of the source and not of the key.
    topic: Annotated[object, UNUSED] = None
    api_type: Annotated[object, UNUSED] = None
    table: TableField | None = None
    where: Text | None = None
    tombstone: Text | None = None
    columns: list[Annotated[ColumnBlock, NAME_TEXT]] | None = None
    cursor: Annotated[CursorBlock, COLUMN_TEXT] | None = None
    options: SourceOptions | None = None
