"""The Load: one table goes into one table. Front ends build it; passes decide the open choices in it."""

from __future__ import annotations

import enum
from dataclasses import field

from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.decision import Chosen, Undecided
from dpone_compiler.ir.loss import Loss, sentence
from dpone_compiler.ir.new_target import NewTarget
from dpone_compiler.ir.origin import Origin
from dpone_compiler.ir.schema import Column, TableRef
from dpone_compiler.ir.slices import Slices
from dpone_compiler.source.value import value

STRATEGIES = (
    "full_refresh",
    "incremental_append",
    "incremental_merge",
    "partition_replace",
    "cdc_apply",
    "snapshot_diff",
    "scd2",
    "replace",
    "backfill",
)
# Modes that leave the strategy open: the policy's rules choose it, or the cost model.
OPEN_MODES = ("auto", "cost")
CLIENT_SYSTEMS = ("linux", "windows")
# What a load without a mode does: what dpone runs then, too.
DEFAULT_MODE = "full_refresh"
WHOLE_MODES = ("full_refresh", "snapshot_diff")  # they move every row each time
HINTED = ("rows", "bytes", "changed", "deleted")  # the hints that flags and past runs may give as well
SCOPE_KINDS = ("equality", "range")
CHUNK_KINDS = ("date", "timestamp", "integer", "uuid")
ENGINES = ("postgres", "mssql", "clickhouse", "bigquery", "kafka")
SOURCE_ENGINES = ("postgres", "mssql", "clickhouse")


@value(kw_only=True)
class Endpoint:
    """One side of a load: engine word (one of ENGINES), connection id (a name that the run resolves), table."""

    engine: str
    connection: str
    table: TableRef


@value(kw_only=True)
class SqlText:
    """SQL of the source's dialect, as written by a person. `parse-expressions` makes a Predicate of it."""

    text: str


@value(kw_only=True)
class ParsedSql:
    """SQL that was parsed, checked and re-emitted canonically in `dialect`. `columns`: source columns it reads, sorted."""

    text: str
    dialect: str
    columns: tuple[str, ...]
    type: DataType


@value(kw_only=True)
class Cursor:
    """The column that says what is new.

    `lag`: seconds that the window's high end is held back; None: not declared. `lookback`: seconds re-read below low.
    `assigned_by`: "database" when the database's own clock sets the column, else "". `nulls`: "fail" | "always_read" | "".
    """

    column: str
    lag: int | None = None
    lookback: int = 0
    assigned_by: str = ""
    nulls: str = ""


@value(kw_only=True)
class ChangeFeed:
    """Where captured changes come from, and what some of them do to the target (cdc_apply).

    mode: logical_replication (of the source table, through `slot` and `publication`; '' are names made from the load's) |
    change_table (the source table holds the changes: `operation` says which, `sequence` orders those of one key; '' the cursor).
    deletes: apply | ignore | soft_delete (sets the boolean `deleted_column` of the target). truncate: fail | apply.
    """

    mode: str = "logical_replication"
    operation: str = ""
    sequence: str = ""
    slot: str = ""
    publication: str = ""
    deletes: str = "apply"
    deleted_column: str = ""
    truncate: str = "fail"


@value(kw_only=True)
class DeclaredScope:
    """The rows that mode `replace` answers for, as declared: literals are text, typed by the column when the load is decided.

    kind equality: `column = low`. kind range: `low <= column < high`, `<= high` when `inclusive`; None: that end is open.
    kind slice: the run's slice of a backfill; no manifest says it.
    """

    column: str
    kind: str  # one of SCOPE_KINDS, or slice
    low: str | None = None
    high: str | None = None
    inclusive: bool = False


@value(kw_only=True)
class Chunk:
    """How a backfill cuts its range `[first, last)`: `step` seconds of a date or timestamp, `step` of an integer, or
    `buckets` of a hash of a uuid. None and '': not said."""

    column: str
    kind: str  # one of CHUNK_KINDS
    first: str = ""
    last: str = ""
    step: int | None = None
    buckets: int | None = None


@value(kw_only=True)
class Backfill:
    """Slices over an inner mode, one after another; each is a run of its own. `slices`: cut from `chunk`; None: not yet."""

    inner_mode: str
    chunk: Chunk
    max_chunks: int = 1000
    slices: Slices | None = None


@value(kw_only=True)
class ColumnSpec:
    """One column that is read: a source column or an expression (`sql`), its name in the target, an optional cast (target-neutral text).

    `lossy`: what becomes of values that the target's type cannot hold, one of loss.POLICIES; '' as the load's policies say.
    """

    name: str
    target: str
    sql: SqlText | ParsedSql | None = None
    cast: str = ""
    lossy: str = ""


@value(kw_only=True)
class Read:
    """What is read. `columns` None: all columns of the catalog (or of `declared`).

    `tombstone`: a condition that is true of a row that the source has deleted and still holds; policies.deletes says what it does.
    """

    endpoint: Endpoint
    where: SqlText | ParsedSql | None = None
    tombstone: SqlText | ParsedSql | None = None
    columns: tuple[ColumnSpec, ...] | None = None
    cursor: Cursor | None = None
    feed: ChangeFeed | None = None
    declared: tuple[tuple[str, str, bool], ...] = ()  # (name, native type, nullable) given in the manifest
    scope: DeclaredScope | None = None


class PartitionUnit(enum.Enum):
    """How a partition value follows from its column; VALUE: the column's value itself."""

    VALUE = "value"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@value(kw_only=True)
class Partitioning:
    """How the target is partitioned as far as the load cares. `nulls`: "fail" | "own" (NULL is a partition of its own)."""

    column: str
    unit: PartitionUnit = PartitionUnit.VALUE
    max_partitions: int = 64
    nulls: str = "fail"


@value(kw_only=True)
class Policies:
    """What happens to the awkward rows; every default is the careful one.

    null_keys: fail | skip.  staging_duplicates: fail | latest (by cursor).  on_leave_filter: keep | delete.
    deletes: ignore | soft | hard (rows that `Read.tombstone` is true of).
    empty_slice: fail | keep | clear.  readers: consistent | tolerant (may see a shorter or empty table for a moment).
    reconcile: auto | counts | keys | content | full.  lossy: fail | clamp, of columns that say nothing themselves.
    """

    null_keys: str = "fail"
    staging_duplicates: str = "fail"
    on_leave_filter: str = "keep"
    deletes: str = "ignore"
    empty_slice: str = "fail"
    readers: str = "consistent"
    reconcile: str = "auto"
    lossy: str = "fail"


@value(kw_only=True)
class Snapshot:
    """What a strategy that reads the whole source does with the comparison (snapshot_diff, scd2).

    compare: row_hash | all_columns. missing: what becomes of keys that the source lacks, hard_delete | soft_delete | ignore |
    expire; '' is the strategy's default. `mark`: column of the target that a soft deletion sets, an instant or a flag.
    """

    compare: str = "row_hash"
    missing: str = ""
    mark: str = "deleted_at"


@value(kw_only=True)
class History:
    """Names of the technical columns of a history (scd2). `row_hash` '': the target keeps none, unless it has a column of that name."""

    valid_from: str = "valid_from"
    valid_to: str = "valid_to"
    current: str = "is_current"
    row_hash: str = ""


@value(kw_only=True)
class Limits:
    """Bounds printed in every plan and set on every session. Seconds, bytes, shares."""

    lock_timeout: int = 30
    statement_timeout: int = 0  # 0: none
    lease_seconds: int = 60
    max_delete_ratio: float | None = None
    max_delete_rows: int | None = None


@value(kw_only=True)
class Write:
    """Where it goes and how it was asked to go. `mode` is one of OPEN_MODES or of STRATEGIES, '' where none is given.

    `merge_policy`: "auto" or a policy word. `state_schema`: schema of the state table; '' means beside the target.
    `lock_connection`: for sinks without locks.
    `create_target`: one of new_target.CREATE_WORDS. `schema_evolution`: one of evolution.EVOLUTION_WORDS.
    """

    endpoint: Endpoint
    mode: str = ""
    merge_policy: str = "auto"
    key: tuple[str, ...] = ()
    partition: Partitioning | None = None
    staging_schema: str = ""
    state_schema: str = ""
    lock_connection: str = ""
    version_column: str = ""
    create_target: str = "never"
    schema_evolution: str = "none"
    policies: Policies = Policies()
    snapshot: Snapshot = Snapshot()
    history: History = History()
    limits: Limits = Limits()
    backfill: Backfill | None = None

    @property
    def strategy(self) -> str:
        """The mode that decides the steps: the inner one of a backfill, the default where none is given."""
        inner = self.backfill.inner_mode if self.mode == "backfill" and self.backfill is not None else ""
        return inner or self.mode or DEFAULT_MODE

    @property
    def slices(self) -> Slices | None:
        """The slices of a load that is a backfill, once they are cut."""
        return self.backfill.slices if self.mode == "backfill" and self.backfill is not None else None


@value(kw_only=True)
class Hints:
    """What the user estimates. Shares are 0..1, rows and bytes are counts; None: not said."""

    rows: int | None = None
    changed: float | None = None
    deleted: float | None = None
    bytes: int | None = None
    cdc: bool = False
    batch_size: int | None = None


@value(kw_only=True)
class Batching:
    """The batching part of a decision, field names as users of dpone know them."""

    enabled: bool
    initial_batch_size: int
    min_batch_size: int
    max_batch_size: int
    parallel_workers: int
    tuning_metric: str = "rows_per_second_and_target_backpressure"


@value(kw_only=True)
class MovedColumn:
    """One resolved column of the load: source side, target side, which values the target cannot hold, and the policy for those.

    `lossy`: one of loss.POLICIES. `changes`: '' or how every value changes its form without loss.
    """

    source: Column
    target: Column
    sql: ParsedSql | None = None
    cast: str = ""
    losses: tuple[Loss, ...] = ()
    lossy: str = "fail"
    changes: str = ""

    @property
    def loss(self) -> str:
        """What may be lost, in one line; '' nothing."""
        return sentence(self.losses)


@value(kw_only=True)
class Gate:
    """A safety gate: code, severity (error | high | medium | info), what it demands."""

    code: str
    severity: str
    message: str


@value(kw_only=True)
class Decisions:
    """Everything that passes decide. Strings are the registered names of strategies, policies and native paths.

    `new_target`: the table that the plan makes where it is missing; None: it makes none. `added`: columns that the plan adds to
    the target of the snapshot.
    """

    new_target: NewTarget | None = None
    added: tuple[Column, ...] = ()
    columns: tuple[MovedColumn, ...] | Undecided = Undecided()
    strategy: Undecided | Chosen[str] = Undecided()
    merge_policy: Undecided | Chosen[str] = Undecided()
    native_path: Undecided | Chosen[str] = Undecided()
    wire: Undecided | Chosen[str] = Undecided()  # binary | text | tsv
    batching: Undecided | Chosen[Batching] = Undecided()
    finalizer: Undecided | Chosen[str] = Undecided()
    reconcile: Undecided | Chosen[str] = Undecided()
    gates: tuple[Gate, ...] = ()
    warnings: tuple[Gate, ...] = ()


@value(kw_only=True)
class Load:
    """One load. `passthrough`: manifest keys that are recorded but unused, as (path, canonical JSON), sorted.

    `client_os`: one of CLIENT_SYSTEMS, whose sqlcmd and bcp run.sh calls.
    """

    name: str
    read: Read
    write: Write
    hints: Hints = Hints()
    depends_on: tuple[str, ...] = ()
    description: str = ""
    client_os: str = "linux"
    passthrough: tuple[tuple[str, str], ...] = ()
    decisions: Decisions = Decisions()
    origin: Origin = field(default=Origin(), compare=False, repr=False)
