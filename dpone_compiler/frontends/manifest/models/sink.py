"""The `sink` block: where rows go and by which strategy."""

from __future__ import annotations

from typing import Annotated, Literal

from dpone_compiler.frontends.manifest.models.closed import Closed, Field
from dpone_compiler.frontends.manifest.models.source import HintKeys, PlaceField, TableField
from dpone_compiler.frontends.manifest.models.values import (
    CLIENT_OS,
    COLUMN_TEXT,
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
    unsupported,
)


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
    native: Recorded = None
    native_mode: Recorded = None
    require_native: Recorded = None
    partition_function: Recorded = None
    switch_out_schema: Recorded = None
    switch_out_table_template: Recorded = None


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
    max_source_bytes: Recorded = None
    atomicity: Recorded = None
    allow_non_recommended_policy: Recorded = None
    mutations_sync: Recorded = None
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
    mode: Recorded = None


class SinkOptions(Closed):
    """`sink.options`: dpone's settings of engines and formats."""

    bulk: Recorded = None
    clickhouse_bulk: Recorded = None
    client_os: Annotated[object, CLIENT_OS] = None
    physical_design: Recorded = None
    schema_evolution: Recorded = None  # what of it is done, evolution_of says
    soft_delete: Annotated[SoftDelete | None, COLUMN_TEXT] = None
    technical_columns: Recorded = None
    deletes: Recorded = None
    key: Recorded = None
    delivery: Recorded = None
    schema_registry: Recorded = None
    type_inference: Recorded = None
    message_format: Recorded = None
    envelope: Recorded = None
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
