"""The `sink` block: where rows go and by which strategy."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from dpone_compiler.frontends.manifest.models.closed import Closed, Field
from dpone_compiler.frontends.manifest.models.source import HintKeys, PlaceField, TableField
from dpone_compiler.frontends.manifest.models.values import (
    COLUMN_TEXT,
    RECORDED,
    Count,
    Duration,
    MergePolicy,
    Mode,
    Names,
    Positive,
    Recorded,
    Share,
    SinkEngine,
    Text,
    Unused,
    ignored,
    unsupported,
)

_SWITCHED = "say merge_policy: switch_partitions (SQL Server) or attach_detach (Postgres), which is kept or refused"


class PolicyKeys(Closed):
    """What happens to awkward rows. The words are those of `meaning.POLICY_WORDS`; a test compares them."""

    null_keys: Literal["fail", "skip"] | None = None
    staging_duplicates: Literal["fail", "latest"] | None = None
    on_leave_filter: Literal["keep", "delete"] | None = None
    deletes: Literal["ignore", "soft", "hard"] | None = None
    empty_slice: Literal["fail", "keep", "clear"] | None = None
    readers: Literal["consistent", "tolerant"] | None = None
    reconcile: Literal["auto", "counts", "keys", "content", "full"] | None = None
    lossy: Literal["fail", "clamp"] | None = None


class PartitionBlock(Closed):
    """How the target is cut into parts that are replaced as a whole."""

    column: Text | None = None
    by: Literal["value", "hour", "day", "month", "year"] | None = None
    max_partitions: Positive | None = None
    max_partitions_per_run: Positive | None = None
    nulls: Literal["fail", "own"] | None = None
    value_expression: Annotated[object, unsupported("use by: hour, day, month, year or value")] = None
    values_from_staging: Annotated[object, unsupported("the values always come from staging", True)] = None
    native: Unused = None
    native_mode: Annotated[Any, ignored(_SWITCHED, "auto", "fallback")] = None
    require_native: Annotated[Any, ignored(_SWITCHED, False)] = None
    partition_function: Unused = None
    switch_out_schema: Unused = None
    switch_out_table_template: Unused = None


class DiffBlock(Closed):
    """snapshot_diff: how rows are compared, and what happens to rows that the source lost."""

    compare: Literal["row_hash", "all_columns"] | None = None
    delete_policy: Literal["hard_delete", "soft_delete", "ignore"] | None = None


class Scd2Block(Closed):
    """scd2: the technical columns, and what happens to keys that the source lost."""

    valid_from_column: Text | None = None
    valid_to_column: Text | None = None
    current_flag_column: Text | None = None
    row_hash_column: Text | None = None
    delete_policy: Literal["expire", "ignore"] | None = None


class CdcBlock(Closed):
    """cdc_apply: what happens to deletes, and the columns of a change table."""

    delete_policy: Literal["apply", "ignore", "soft_delete"] | None = None
    deleted_column: Text | None = None
    operation_column: Text | None = None
    sequence_column: Text | None = None


class ChunkBlock(Closed):
    """The column and the steps of a backfill."""

    column: Text
    kind: Literal["date", "timestamp", "integer", "uuid"]
    from_: str | int | None = Field(default=None, alias="from")
    to: str | int | None = None
    step: str | int | None = None
    buckets: Positive | None = None


class BackfillBlock(Closed):
    """backfill: slices over an inner mode."""

    inner_mode: Mode | None = None
    parallel_workers: Annotated[object, unsupported("slices run one after another", 1)] = None
    max_chunks: Positive | None = None
    lease_ttl_minutes: Unused = None
    chunk: ChunkBlock | None = None
    publication: Annotated[object, unsupported("each slice is published when it is proved")] = None
    predicate_dialect: Unused = None
    state_dir: Unused = None
    state: Unused = None
    backfill_id: Unused = None
    retry_policy: Unused = None
    advisor: Unused = None


class Strategy(HintKeys, PolicyKeys):
    """`sink.strategy`."""

    mode: Mode | None = None
    policy: Literal["rules", "cost"] | None = None
    merge_policy: MergePolicy | None = None
    unique_key: Names | None = None
    partition: Annotated[PartitionBlock, COLUMN_TEXT] | None = None
    version_column: Text | None = None
    policies: PolicyKeys | None = None
    overwrite_type: Literal["truncate_insert", "exchange"] | None = None
    duplicate_policy: Literal["fail"] | None = None
    diff: DiffBlock | None = None
    scd2: Scd2Block | None = None
    cdc: CdcBlock | None = None
    backfill: BackfillBlock | None = None
    max_source_bytes: Annotated[
        Any, ignored("nothing counts bytes before the load; bound it with limits.statement_timeout")
    ] = None
    atomicity: Unused = None
    allow_non_recommended_policy: Unused = None
    mutations_sync: Unused = None
    only_new_rows: Annotated[object, unsupported("use mode incremental_merge", False)] = None
    custom_predicate: Annotated[object, unsupported("use source.options.portable_scope")] = None
    window: Annotated[object, unsupported("use source.cursor with lag and lookback")] = None


class LimitsBlock(Closed):
    """Bounds that are set on every session and printed in every plan."""

    lock_timeout: Duration | None = None
    statement_timeout: Duration | None = None
    lease: Duration | None = None
    max_delete_ratio: Share | None = None
    max_delete_rows: Count | None = None


class SoftDelete(Closed):
    """The column of the target that says that a row is gone from the source: an instant, or a flag."""

    column: Text | None = None
    mode: Unused = None


class ClickHouseStorage(Closed):
    """How a table that the load makes is laid out; new_target of ClickHouse reads it."""

    engine: Annotated[Text | None, RECORDED] = None
    order_by: Annotated[Names | None, RECORDED] = None
    partition_by: Annotated[Text | None, RECORDED] = None
    primary_key: Unused = None
    sample_by: Unused = None
    ttl: Unused = None
    settings: Unused = None
    cluster: Unused = None


class StorageBlock(Closed):
    """`physical_design.storage`, by engine."""

    clickhouse: ClickHouseStorage | None = None
    bigquery: Unused = None
    mssql: Unused = None
    postgres: Unused = None


class PhysicalDesign(Closed):
    """dpone's design of the target. Ours follows the load (`create_target`), but for the storage on ClickHouse."""

    mode: Unused = None
    apply: Unused = None
    columns: Unused = None
    indexes: Unused = None
    partitioning: Unused = None
    storage: StorageBlock | None = None


class SinkOptions(Closed):
    """`sink.options`: dpone's settings of engines and formats."""

    bulk: Unused = None
    clickhouse_bulk: Unused = None
    client_os: Literal["linux", "windows"] | None = None
    physical_design: PhysicalDesign | None = None
    schema_evolution: Recorded = None  # what of it is done, evolution_of says
    soft_delete: Annotated[SoftDelete | None, COLUMN_TEXT] = None
    technical_columns: Annotated[
        Any, ignored("no column is added; write what it would hold as source.columns with sql")
    ] = None
    deletes: Unused = None
    key: Unused = None
    delivery: Unused = None
    schema_registry: Unused = None
    type_inference: Unused = None
    message_format: Unused = None
    envelope: Unused = None
    strategy_intelligence: Unused = None  # what `compile --emit dpone` wrote of its decision
    dlq: Unused = None
    log_sample_rows: Unused = None
    lineage: Unused = None
    load_governance: Unused = None
    durable_quality_replay: Unused = None
    normalization: Unused = None
    apply_table_metadata: Unused = None
    table_description: Unused = None
    table_labels: Unused = None
    batch_size: Unused = None
    hooks: Unused = None
    with_dedup: Annotated[object, unsupported("use policies: {staging_duplicates: latest}", False)] = None
    dedup_expression: Annotated[object, unsupported("use policies: {staging_duplicates: latest}")] = None


class Sink(Closed):
    """Where rows go."""

    type: SinkEngine
    connection_id: Text | None = None
    connection_ref: Text | None = None
    connection_type: Recorded = None
    vault_path: Unused = None
    table: TableField | None = None
    topic: Text | None = None
    staging: PlaceField | None = None
    strategy: Strategy | None = None
    limits: LimitsBlock | None = None
    lock_connection: Text | None = None
    state_schema: Text | None = None
    create_target: Literal["never", "if_missing"] | None = None
    schema_evolution: Literal["none", "additive"] | None = None
    options: SinkOptions | None = None
