"""The loads that are broken here: both demo routes, every way their strategies end. Steps are listed so that each is a test."""

from __future__ import annotations

from dataclasses import dataclass, replace

_SHARED = ("check-source", "check-target", "read-state", "acquire-lease")
_PG_LEFT = ("fence-stage-left", "create-left", "transfer-left")
_PG_ROWS = ("fingerprint-source", "fence-stage-rows", "create-rows", "transfer-rows")
_CH_LEFT = ("clear-left", "create-left", "transfer-left")
_CH_ROWS = ("check-values-rows", "fingerprint-source", "clear-rows", "create-rows", "transfer-rows")
_CH_DELTA = ("check-values-delta", "clear-delta", "create-delta", "transfer-delta", "find-partitions")
_KEYS = ("check-null-keys", "check-duplicate-keys")
_REWRITE = (
    "clear-rewrite",
    "create-rewrite",
    "build-rewrite",
    "record-rewrite",
    "replace-partitions",
    "drop-emptied-partitions",
)
_CURSOR = "  cursor: {column: updated_at, assigned_by: database}\n"
_WHERE = "  where: status <> 'draft'\n"
_MONTHS = "    partition: {column: day, by: month}\n"
_KEY = "    unique_key: [id]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A load: its manifest's own parts, its steps in order, and how its source may change."""

    name: str
    target: str  # postgres | clickhouse
    steps: tuple[str, ...]
    source: str
    strategy: str
    inserts: int = 12
    updates: int = 30
    deletes: int = 0
    filtered: bool = True
    partitioned: bool = False  # the target on Postgres has a partition a month
    options: str = ""  # of the source
    reads: str = "orders"  # the source's table; `order_changes` is filled by a trigger of it
    marked: bool = False  # rows that the source has deleted stay in the target, with a mark
    sliced: bool = False  # a backfill: each change of the source is followed by one from its first slice
    history: bool = False  # the target keeps versions; the current ones are what the source holds
    leased: bool = False  # the target's lease is kept in the source's database
    engine: str = "MergeTree PARTITION BY toYYYYMM(day)"  # of a target on ClickHouse that keeps no history
    before: str = ""  # what is done to the target before the load is compiled
    sink: str = ""  # more of the sink
    limits: str = ""  # more of its limits
    legacy: bool = False  # ClickHouse 18.16: no Date32, and instants of whole seconds

    def manifest(self, database: str, lease: int = 60, lock_timeout: int = 30) -> str:
        """The manifest. `database`: the ClickHouse database of this lab; Postgres has `dwh` in a database of its own."""
        schema = "dwh" if self.target == "postgres" else database
        staging = "  staging: {schema: staging}\n" if self.target == "postgres" else ""
        staging += "  lock_connection: faults_source\n" if self.leased else ""
        return (
            f"name: {self.name}\nsource:\n  type: postgres\n  connection_id: faults_source\n"
            f"  table: {{schema: public, name: {self.reads}}}\n{self.source}  options: {{estimated_rows: 200{self.options}}}\n"
            f"sink:\n  type: {self.target}\n  connection_id: faults_target\n"
            f"  table: {{schema: {schema}, name: orders}}\n{staging}"
            f"{'  options: {soft_delete: {column: gone}}' if self.marked else ''}\n{self.sink}"
            f"  limits: {{lease: {lease}, lock_timeout: {lock_timeout}{self.limits}}}\n  strategy:\n{self.strategy}"
        )


PG_MERGE = Case(
    name="pg_merge",
    target="postgres",
    source=_WHERE + _CURSOR,
    strategy="    mode: incremental_merge\n    merge_policy: delete_insert\n    on_leave_filter: delete\n" + _KEY,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", *_PG_LEFT, *_PG_ROWS, "fence-prove", "check-staged-rows", *_KEYS,
        "record-staged", "fence-finalize", "delete-left", "delete-matching", "insert-staged", "reconcile", "commit-state",
        "drop-rows", "drop-left", "release-lease",
    ),
)  # fmt: skip
PG_FULL = Case(
    name="pg_full",
    target="postgres",
    source=_WHERE,
    strategy="    mode: full_refresh\n" + _KEY,
    deletes=5,
    steps=(
        *_SHARED, "open-attempt", *_PG_ROWS, "fence-prove", "check-staged-rows", "check-not-empty", *_KEYS,
        "record-staged", "fence-finalize", "delete-all", "insert-staged", "reconcile", "commit-state", "drop-rows",
        "release-lease",
    ),
)  # fmt: skip
PG_ATTACH = Case(
    name="pg_attach",
    target="postgres",
    source=_WHERE + _CURSOR,
    strategy="    mode: partition_replace\n    merge_policy: attach_detach\n    readers: tolerant\n" + _KEY + _MONTHS,
    deletes=5,
    partitioned=True,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", "fence-stage-delta", "create-delta", "transfer-delta", "find-partitions",
        *_PG_ROWS, "fence-prove", "check-staged-rows", *_KEYS, "check-partition-values", "record-staged", "fence-build",
        "build-partitions", "fence-finalize", "delete-moved", "swap-partitions", "reconcile", "commit-state", "drop-rows", "drop-delta",
        "drop-retired", "release-lease",
    ),
)  # fmt: skip
PG_SHADOW = Case(
    name="pg_shadow",
    target="postgres",
    source=_WHERE + _CURSOR,
    strategy="    mode: incremental_merge\n    merge_policy: shadow_swap\n    readers: tolerant\n    on_leave_filter: delete\n" + _KEY,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", *_PG_LEFT, *_PG_ROWS, "fence-prove", "check-staged-rows", *_KEYS,
        "record-staged", "fence-finalize", "build-shadow", "prove-shadow", "exchange-tables", "reconcile", "commit-state",
        "drop-rows", "drop-left", "drop-retired", "release-lease",
    ),
)  # fmt: skip
# Every slice is merged again after each change, so that after the last one the target is what the source holds.
PG_BACKFILL = Case(
    name="pg_backfill",
    target="postgres",
    source=_WHERE,
    strategy=(
        "    mode: backfill\n    merge_policy: delete_insert\n    on_leave_filter: delete\n    empty_slice: keep\n    backfill:\n"
        "      inner_mode: incremental_merge\n"
        "      chunk: {column: day, kind: date, from: 2026-01-01, to: 2026-04-01, step: 45 days}\n" + _KEY
    ),
    sliced=True,
    steps=(
        *_SHARED, "next-slice", "open-attempt", *_PG_LEFT, *_PG_ROWS, "fence-prove", "check-staged-rows", *_KEYS,
        "record-staged", "fence-finalize", "delete-left", "delete-matching", "insert-staged", "reconcile", "record-slice",
        "commit-state", "drop-rows", "drop-left", "release-lease",
    ),
)  # fmt: skip
CH_MERGE = Case(
    name="ch_merge",
    target="clickhouse",
    source=_WHERE + _CURSOR,
    strategy="    mode: incremental_merge\n    merge_policy: partition_rewrite\n    on_leave_filter: delete\n" + _KEY + _MONTHS,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", "drop-old-staging", *_CH_LEFT, *_CH_ROWS, "check-staged-rows", *_KEYS,
        "record-staged", *_REWRITE, "reconcile", "commit-state", "drop-rows", "drop-left", "drop-rewrite",
        "release-lease",
    ),
)  # fmt: skip
CH_FULL = Case(
    name="ch_full",
    target="clickhouse",
    source=_WHERE,
    strategy="    mode: full_refresh\n" + _KEY + _MONTHS,
    deletes=5,
    steps=(
        *_SHARED, "open-attempt", "drop-old-staging", *_CH_ROWS, "check-staged-rows", "check-not-empty", *_KEYS,
        "record-staged", "exchange-tables", "reconcile", "commit-state", "drop-rows", "release-lease",
    ),
)  # fmt: skip
CH_APPEND = Case(
    name="ch_append",
    target="clickhouse",
    source=_CURSOR,
    strategy="    mode: incremental_append\n" + _MONTHS,
    inserts=20,
    updates=0,
    filtered=False,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", "drop-old-staging", *_CH_ROWS, "check-staged-rows", "record-staged",
        "check-window-owned", "move-partitions", "reconcile", "commit-state", "drop-rows", "release-lease",
    ),
)  # fmt: skip
CH_PARTITION = Case(
    name="ch_partition",
    target="clickhouse",
    source=_WHERE + _CURSOR,
    strategy="    mode: partition_replace\n" + _KEY + _MONTHS,
    deletes=5,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", "drop-old-staging", *_CH_DELTA, *_CH_ROWS, "check-staged-rows",
        *_KEYS, "check-partition-values", "record-staged", *_REWRITE, "reconcile", "commit-state", "drop-rows", "drop-delta",
        "drop-rewrite", "release-lease",
    ),
)  # fmt: skip
CH_SHADOW = Case(
    name="ch_shadow",
    target="clickhouse",
    source=_WHERE + _CURSOR,
    strategy="    mode: incremental_merge\n    merge_policy: shadow_swap\n    readers: tolerant\n    on_leave_filter: delete\n" + _KEY,
    steps=(
        *_SHARED, "freeze-window", "open-attempt", "drop-old-staging", *_CH_LEFT, *_CH_ROWS, "check-staged-rows", *_KEYS,
        "record-staged", "clear-shadow", "create-shadow", "build-shadow", "record-shadow", "prove-shadow",
        "exchange-tables", "reconcile", "commit-state", "drop-rows", "drop-left", "drop-shadow", "release-lease",
    ),
)  # fmt: skip
CH_BACKFILL = Case(
    name="ch_backfill",
    target="clickhouse",
    source=_WHERE,
    strategy=PG_BACKFILL.strategy.replace("delete_insert", "partition_rewrite") + _MONTHS,
    sliced=True,
    steps=(
        *_SHARED, "next-slice", "open-attempt", "drop-old-staging", *_CH_LEFT, *_CH_ROWS, "check-staged-rows", *_KEYS,
        "record-staged", *_REWRITE, "reconcile", "record-slice", "commit-state", "drop-rows", "drop-left", "drop-rewrite",
        "release-lease",
    ),
)  # fmt: skip

PG_SNAPSHOT = Case(
    name="pg_snapshot",
    target="postgres",
    source=_WHERE,
    strategy="    mode: snapshot_diff\n" + _KEY,
    deletes=5,
    steps=(
        *_SHARED, "open-attempt", *_PG_ROWS, "fence-prove", "check-staged-rows", "check-not-empty", *_KEYS,
        "record-staged", "fence-finalize", "check-deletes", "delete-missing", "update-matching", "insert-missing",
        "reconcile", "prove-missing", "commit-state", "drop-rows", "release-lease",
    ),
)  # fmt: skip
PG_HISTORY = Case(
    name="pg_history",
    target="postgres",
    source=_WHERE,
    strategy="    mode: scd2\n" + _KEY,
    deletes=5,
    history=True,
    steps=(
        *_SHARED, "freeze-instant", "open-attempt", *_PG_ROWS, "fence-prove", "check-staged-rows", "check-not-empty",
        *_KEYS, "record-staged", "fence-finalize", "create-versions", "build-versions", "delete-stale",
        "update-versions", "insert-versions", "prove-versions", "commit-state", "drop-rows", "drop-versions",
        "release-lease",
    ),
)  # fmt: skip
CH_SNAPSHOT = Case(
    name="ch_snapshot",
    target="clickhouse",
    source=_WHERE,
    strategy="    mode: snapshot_diff\n" + _KEY + _MONTHS,
    deletes=5,
    steps=(
        *_SHARED, "open-attempt", "drop-old-staging", *_CH_ROWS, "check-staged-rows", "check-not-empty", *_KEYS,
        "record-staged", "clear-missing", "create-missing", "find-missing", "check-deletes", "clear-diff", "create-diff",
        "build-diff", *_REWRITE, "reconcile", "prove-missing", "commit-state", "drop-rows", "drop-missing", "drop-diff",
        "drop-rewrite", "release-lease",
    ),
)  # fmt: skip
CH_HISTORY = Case(
    name="ch_history",
    target="clickhouse",
    source=_WHERE,
    strategy="    mode: scd2\n" + _KEY + _MONTHS,
    deletes=5,
    history=True,
    steps=(
        *_SHARED, "freeze-instant", "open-attempt", "drop-old-staging", *_CH_ROWS, "check-staged-rows",
        "check-not-empty", *_KEYS, "record-staged", "clear-versions", "create-versions", "build-versions", *_REWRITE,
        "prove-versions", "commit-state", "drop-rows", "drop-versions", "drop-rewrite", "release-lease",
    ),
)  # fmt: skip

# Its two steps of the lease alone are broken, and two hosts run it; see test_lock_connection.
CH_LEASED = replace(CH_MERGE, name="ch_leased", leased=True, steps=("take-lease", "renew-lease", "replace-partitions"))
# On the server of 2018, which is killed itself; see test_engine_kill and test_replaced_rows.
CH18_MERGE, CH18_FULL = (
    replace(case, name=f"{case.name}18", legacy=True, strategy=f"{case.strategy}    lossy: clamp\n")
    for case in (CH_MERGE, CH_FULL)
)
CH18_LEASED = replace(CH18_MERGE, name="ch_leased18", leased=True)

_SLOT = ", cdc: {mode: logical_replication}"
# Loads of which only the steps that no other one has are broken; see test_chosen_kills.
PG_SLOT = Case(
    name="pg_slot",
    target="postgres",
    source=_WHERE,
    options=_SLOT,
    strategy="    mode: cdc_apply\n" + _KEY,
    deletes=5,
    steps=("create-slot", "read-changes", "collapse-left", "commit-state", "advance-slot"),
)
CH_SLOT = Case(
    name="ch_slot",
    target="clickhouse",
    source=_WHERE,
    options=_SLOT,
    strategy="    mode: cdc_apply\n" + _KEY + _MONTHS,
    deletes=5,
    steps=("read-changes", "commit-state", "advance-slot"),
)
PG_SCOPE = Case(
    name="pg_scope",
    target="postgres",
    source=_WHERE,
    options=", portable_scope: {kind: range, column: day, lower: '2026-01-01', upper: '2026-04-01'}",
    strategy="    mode: replace\n",
    deletes=5,
    steps=("check-scope", "delete-scope", "commit-state"),
)
# A trigger writes each change of the table down; the last one of each key counts.
PG_CHANGES = Case(
    name="pg_changes",
    target="postgres",
    reads="order_changes",
    source=_WHERE + "  cursor: {column: seq, lag: 0}\n",
    options=", cdc: {mode: change_table}",
    strategy="    mode: cdc_apply\n    cdc: {operation_column: op}\n" + _KEY,
    deletes=5,
    steps=(
        "freeze-window",
        "transfer-changes",
        "check-changes",
        "collapse-left",
        "collapse-rows",
        "delete-left",
        "commit-state",
        "drop-changes",
    ),
)
# A draft is an order that the source has deleted and still holds.
_DRAFTS = "  tombstone: status = 'draft'\n" + _CURSOR
_MERGE = "    mode: incremental_merge\n    merge_policy: {}\n    deletes: {}\n" + _KEY
PG_GONE_HARD = Case(
    name="pg_gone_hard",
    target="postgres",
    source=_DRAFTS,
    strategy=_MERGE.format("delete_insert", "hard"),
    steps=("transfer-left", "check-tombstones", "delete-left", "prove-deleted", "commit-state", "drop-left"),
)
PG_GONE_SOFT = Case(
    name="pg_gone_soft",
    target="postgres",
    source=_DRAFTS,
    strategy=_MERGE.format("update_insert", "soft"),
    marked=True,
    steps=("transfer-left", "check-tombstones", "mark-deleted", "prove-deleted", "commit-state", "drop-left"),
)

CASES = {
    case.name: case
    for case in (
        *(PG_MERGE, PG_FULL, PG_ATTACH, PG_SHADOW, PG_SNAPSHOT, PG_HISTORY, PG_BACKFILL),
        *(CH_MERGE, CH_FULL, CH_APPEND, CH_PARTITION, CH_SNAPSHOT, CH_HISTORY, CH_SHADOW, CH_BACKFILL),
    )
}
