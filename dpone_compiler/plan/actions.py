"""The closed union of things a step may do. A backend says how for each of them, or why it cannot.

`Selection` is what is read, `Staging` is where it lands first. Actions name data by value; names in the target engine are
made by the backend from the load, so that two steps can never disagree about them.
"""

from __future__ import annotations

from dpone_compiler.ir.interval import Interval, PartitionSet, Scope
from dpone_compiler.ir.load import Partitioning
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.feed_actions import FeedAction
from dpone_compiler.plan.lease_actions import LeaseAction
from dpone_compiler.plan.selection import Selection
from dpone_compiler.plan.slice_actions import SliceAction
from dpone_compiler.plan.snapshot_actions import SnapshotAction
from dpone_compiler.plan.staging import Staging
from dpone_compiler.plan.swaps import (
    BuildPartitions,
    BuildShadow,
    CheckLosses,
    CheckScope,
    DeleteScope,
    DropRetired,
    SwapPartitions,
)
from dpone_compiler.plan.target_actions import AddColumns, CheckTable, TargetAction
from dpone_compiler.plan.tombstones import TombstoneAction
from dpone_compiler.plan.value_actions import CheckValues
from dpone_compiler.source.value import value

# ---- before anything is written -------------------------------------------------------------------------------------


@value(kw_only=True)
class ReadState:
    """Read the state row: watermark, unfinished attempt, lease, whether the target is empty."""


@value(kw_only=True)
class CheckPartitionList:
    """The run parameter names partitions: at least one, not too many, each a value of the unit (2026-01-15 is no month).

    `watermark`: the load must have one, because only what it has loaded so far is read again.
    """

    partitioning: Partitioning
    partitions: PartitionSet
    watermark: bool = False


@value(kw_only=True)
class AcquireLease:
    """Take the lease of this load and a new fencing token, or learn who holds it."""


@value(kw_only=True)
class FreezeWindow:
    """Ask the source for the window's high end; `low` is the watermark or the type's minimum."""

    interval: Interval
    lag: int | None
    lookback: int
    assigned_by_database: bool


@value(kw_only=True)
class OpenAttempt:
    """Record run id and frozen window in the state row, so that any later attempt uses the very same window."""


# ---- staging --------------------------------------------------------------------------------------------------------


@value(kw_only=True)
class DropOldStaging:
    """Drop the staging tables of older attempts of this load, so that a zombie's statement fails."""


@value(kw_only=True)
class CreateStaging:
    """Create an empty staging table (dropping a left-over of the same name)."""

    staging: Staging


@value(kw_only=True)
class FingerprintSource:
    """Count (and at level content: digest) the selection, in the snapshot of its extraction."""

    selection: Selection
    level: str  # counts | content
    role: str


@value(kw_only=True)
class Transfer:
    """Stream a selection of the source into a staging table. `wire`: binary | text | tsv."""

    selection: Selection
    staging: Staging
    wire: str


@value(kw_only=True)
class FindPartitions:
    """Compute the affected partitions: those of the delta, and those where its keys live in the target now.

    Captures `partitions` (a JSON list of partition values); more than `partitioning.max_partitions` is refused.
    Without a key, moves between partitions are not detected. `whole`: there is no delta, every partition of both sides.
    """

    delta: Staging
    key: tuple[str, ...]
    partitioning: Partitioning
    partitions: PartitionSet
    whole: bool = False


@value(kw_only=True)
class CleanStaging:
    """Apply the declared policies that drop rows of staging: null_keys: skip, staging_duplicates: latest. Counts are kept."""

    staging: Staging
    key: tuple[str, ...]
    skip_null_keys: bool
    keep_latest_by: str  # cursor column, '' for none


@value(kw_only=True)
class CheckStagedRows:
    """Staging holds what the source said it sent: equal counts, at level content equal digests."""

    staging: Staging
    level: str


@value(kw_only=True)
class CheckNotEmpty:
    """empty_slice: fail. An empty staging table stops the run before the target is touched."""

    staging: Staging


@value(kw_only=True)
class CheckNullKeys:
    """No key column is NULL in staging."""

    staging: Staging
    key: tuple[str, ...]


@value(kw_only=True)
class CheckDuplicateKeys:
    """No key occurs twice in staging."""

    staging: Staging
    key: tuple[str, ...]


@value(kw_only=True)
class CheckPartitionValues:
    """Staged rows lie in the partitions of this run only; none is NULL unless NULL is a partition of its own."""

    staging: Staging
    partitioning: Partitioning
    partitions: PartitionSet | None


@value(kw_only=True)
class RecordStaged:
    """Record rows staged, digest and partitions in the state row: phase `staged`. From here on no source is read."""

    staging: Staging
    level: str


# ---- changing the target --------------------------------------------------------------------------------------------


@value(kw_only=True)
class Fence:
    """Inside a transaction: hold the target's advisory lock and the state row with our token, or stop."""


@value(kw_only=True)
class DeleteAll:
    """Delete every row of the target. `truncate`: by TRUNCATE (old snapshots see no rows), else by DELETE."""

    truncate: bool


@value(kw_only=True)
class DeleteMatching:
    """Delete target rows whose key is in the staging table. `outside`: only those outside of these partitions."""

    staging: Staging
    key: tuple[str, ...]
    outside: PartitionSet | None = None


@value(kw_only=True)
class DeletePartitions:
    """Delete target rows of the affected partitions."""

    partitions: PartitionSet


@value(kw_only=True)
class UpdateMatching:
    """Update target rows whose key is staged and that differ. `mark`: or that are marked; the mark is taken off."""

    staging: Staging
    key: tuple[str, ...]
    mark: Column | None = None


@value(kw_only=True)
class InsertStaged:
    """Insert all staged rows into the target, columns listed. `missing_key`: only rows whose key the target lacks.

    `upsert_key`: a row of a key that is there takes the staged values, by a unique index on it. `mark`: written too, not set.
    """

    staging: Staging
    missing_key: tuple[str, ...] = ()
    upsert_key: tuple[str, ...] = ()
    mark: Column | None = None


@value(kw_only=True)
class CheckWindowOwned:
    """The target's rows of the window are those that this run has moved there already, and no others.

    An append is proved by the rows of its window: rows of others there would make it fail after its own came in, for ever.
    """

    staging: Staging
    interval: Interval


@value(kw_only=True)
class ExchangeTables:
    """Swap target and staging by name in one atomic statement."""

    staging: Staging


@value(kw_only=True)
class MovePartitions:
    """For each partition of staging: move it into the target (atomic per partition; repeating it is a no-op)."""

    staging: Staging


@value(kw_only=True)
class BuildRewrite:
    """Build the new content of every affected partition: target rows that stay, and the staged rows.

    Rows give way by `key` (those whose key is staged, or `left` the filter), or by `scope` (those inside it), or by `partitions`
    (all rows inside them, and outside of them those whose key is staged).
    """

    staging: Staging
    rewrite: Staging
    key: tuple[str, ...]
    left: Staging | None = None
    scope: Scope | None = None
    partitions: PartitionSet | None = None


@value(kw_only=True)
class RecordRewrite:
    """Note that the rewrite table is complete, so that a resumed run repeats the replacements from it.

    Building it again would read a target that is half replaced, and an engine that was killed in a replacement may show replaced
    parts once more after its restart (ClickHouse issue 107605): rows that stay would then be taken twice.
    """

    rewrite: Staging


@value(kw_only=True)
class ReplacePartitions:
    """For each partition of `staging`: replace the target's partition by it (atomic per partition)."""

    staging: Staging


@value(kw_only=True)
class DropPartitions:
    """For each partition of the target (of the affected set, if given) that staging lacks: drop it.

    `by_key`: affected are the partitions whose rows moved out of them, besides those of the set.
    """

    staging: Staging
    affected: PartitionSet | None
    by_key: tuple[str, ...] = ()


@value(kw_only=True)
class AwaitCleared:
    """Wait until no restart of the server can bring back the rows that were replaced or dropped."""


# ---- proof and state ------------------------------------------------------------------------------------------------


@value(kw_only=True)
class Reconcile:
    """Prove that the target holds what was staged, at a level, in the way that fits the strategy. It must be able to fail.

    `scope`: all (target = staging), keys (staged keys), window (rows of the interval), partitions (the affected set), or
    rows (those of `rows`).
    """

    staging: Staging
    level: str  # counts | keys | content | full
    scope: str
    key: tuple[str, ...] = ()
    interval: Interval | None = None
    partitions: PartitionSet | None = None
    rows: Scope | None = None
    of: Staging | None = None  # what is proved: None the target, else the table that will take its place


@value(kw_only=True)
class CommitState:
    """Move the watermark to the window's high end and mark the run committed; exactly one row must change."""

    interval: Interval | None


@value(kw_only=True)
class DropStaging:
    """Drop a staging table of this run."""

    staging: Staging


@value(kw_only=True)
class ReleaseLease:
    """Give the lease back and mark the run done."""


Action = (
    CheckTable
    | AddColumns
    | ReadState
    | CheckPartitionList
    | AcquireLease
    | FreezeWindow
    | OpenAttempt
    | DropOldStaging
    | CreateStaging
    | FingerprintSource
    | CheckValues
    | Transfer
    | FindPartitions
    | CleanStaging
    | CheckStagedRows
    | CheckNotEmpty
    | CheckNullKeys
    | CheckDuplicateKeys
    | CheckPartitionValues
    | RecordStaged
    | Fence
    | DeleteAll
    | DeleteMatching
    | DeletePartitions
    | UpdateMatching
    | InsertStaged
    | CheckWindowOwned
    | ExchangeTables
    | MovePartitions
    | BuildRewrite
    | RecordRewrite
    | ReplacePartitions
    | DropPartitions
    | AwaitCleared
    | BuildPartitions
    | SwapPartitions
    | DropRetired
    | BuildShadow
    | CheckScope
    | CheckLosses
    | DeleteScope
    | Reconcile
    | CommitState
    | DropStaging
    | ReleaseLease
    | FeedAction
    | SnapshotAction
    | TombstoneAction
    | SliceAction
    | TargetAction
    | LeaseAction
)
