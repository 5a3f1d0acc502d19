"""Actions of strategies that compare a whole source with the target (snapshot_diff) or keep every version of a row (scd2).

Staging roles besides `rows`: missing (keys that the source lacks), diff (rows to write: new, changed, marked, revived), versions
(the whole new history of every key whose history changes).

`keep_when_empty`: an empty source counts as no news, not as the loss of every key.
"""

from __future__ import annotations

from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.staging import Staging
from dpone_compiler.source.value import value


@value(kw_only=True)
class FreezeInstant:
    """Read the source's clock once: the instant that marks what this run finds gone, or that dates its versions.

    It is kept as the window's high end of the attempt, so whoever finishes the attempt uses the very same instant.
    """


@value(kw_only=True)
class CheckDeletes:
    """Stop before anything changes when more keys are missing than the guards allow. Rows that are marked already do not count.

    `ratio`: share of the rows that could go. `missing`: where their keys were collected; None: they are counted in the target.
    """

    staging: Staging
    key: tuple[str, ...]
    mark: Column | None
    ratio: float | None
    rows: int | None
    missing: Staging | None = None
    keep_when_empty: bool = False


@value(kw_only=True)
class DeleteMissing:
    """Delete target rows whose key is not NULL and not staged."""

    staging: Staging
    key: tuple[str, ...]
    keep_when_empty: bool = False


@value(kw_only=True)
class MarkMissing:
    """Set the mark of target rows whose key is not NULL, not staged and not marked yet."""

    staging: Staging
    key: tuple[str, ...]
    mark: Column
    keep_when_empty: bool = False


@value(kw_only=True)
class FindMissing:
    """Collect keys of target rows that are not staged; with a mark, of those that are not marked yet."""

    staging: Staging
    missing: Staging
    key: tuple[str, ...]
    mark: Column | None
    keep_when_empty: bool = False


@value(kw_only=True)
class BuildDiff:
    """Collect the rows to write: staged ones that are new or differ (or are marked), and missing ones with their mark set."""

    staging: Staging
    diff: Staging
    key: tuple[str, ...]
    missing: Staging | None = None
    mark: Column | None = None


@value(kw_only=True)
class ProveMissing:
    """Prove that no key is left that the source lacks: none at all, or with a mark none without it, and no staged one with it."""

    staging: Staging
    key: tuple[str, ...]
    mark: Column | None
    keep_when_empty: bool = False


@value(kw_only=True)
class Versions:
    """How a history is kept: names in the target. `since`: the loaded column that dates a version; '' the run's instant.

    `row_hash` '': none is kept. `expire`: keys that the source lacks are closed at the run's instant.
    """

    key: tuple[str, ...]
    since: str
    valid_from: Column
    valid_to: Column
    current: Column
    row_hash: Column | None
    expire: bool
    keep_when_empty: bool = False


@value(kw_only=True)
class BuildVersions:
    """Build the whole new history of every key that the staged rows (or their absence) change.

    Steps of a key in order of time: its versions, the ends after which it was gone, the staged rows. A step that is like the
    one before it is left out, and each version ends where the next step begins.
    """

    staging: Staging
    versions: Staging
    history: Versions


@value(kw_only=True)
class DeleteStale:
    """Delete versions of the target that the new history of their key does not have."""

    versions: Staging
    history: Versions


@value(kw_only=True)
class ProveVersions:
    """Prove the histories: each staged row is what holds at its time, each key has at most one open version, which alone is
    current, no two versions of a key overlap, and no open version is left of a key that the source lacks (`expire`)."""

    staging: Staging
    versions: Staging
    history: Versions


SnapshotAction = (
    FreezeInstant
    | CheckDeletes
    | DeleteMissing
    | MarkMissing
    | FindMissing
    | BuildDiff
    | ProveMissing
    | BuildVersions
    | DeleteStale
    | ProveVersions
)
