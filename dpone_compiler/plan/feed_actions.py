"""Actions on captured changes: the slot and its snapshot, reading, collapsing, and the slot's advance.

The staging table of role `changes` holds the load's columns and those named in `plan/changes.py`; all later steps work on `rows`
(the final row of each key that lives) and `left` (keys that are gone), as a merge does.
"""

from __future__ import annotations

from dpone_compiler.ir.interval import Interval
from dpone_compiler.ir.load import ChangeFeed
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.staging import Staging
from dpone_compiler.source.value import value


@value(kw_only=True)
class CreateSlot:
    """Before a load's first row: make the slot unless it is there. Later: refuse when it is gone, lost, or ahead of the watermark.

    Also refused: a publication that leaves changes out, a replica identity that lacks the key.
    """

    feed: ChangeFeed
    table: TableRef
    key: tuple[str, ...]  # names in the source


@value(kw_only=True)
class ExportSnapshot:
    """On a load's first run: export a snapshot and say the LSN that it stands for (parameter `feed_start`); else nothing.

    It comes from a temporary slot, so an interrupted run leaves nothing behind, and the load's own slot, which is older, has
    every later change.
    """

    feed: ChangeFeed


@value(kw_only=True)
class ReadChanges:
    """Peek at the slot's changes up to the window's high end and put them into a temporary table of the source, in commit order.

    Peeking consumes nothing, so the same window can be read again. `partitioned`: the source's partitions are published as the table,
    so that TRUNCATE, DROP, DETACH and ATTACH of one of them are not in the stream.
    """

    feed: ChangeFeed
    table: TableRef
    interval: Interval
    key: tuple[str, ...]  # names in the source
    partitioned: bool = False


@value(kw_only=True)
class CheckChanges:
    """Staged changes can be applied: every operation is known, no key is NULL, and the order of one key's changes has no tie.

    A TRUNCATE stops the run unless the feed says that it is applied.
    """

    changes: Staging
    key: tuple[str, ...]
    feed: ChangeFeed


@value(kw_only=True)
class CollapseChanges:
    """Of each key the last change wins: its row goes to `rows`, or its key to `left` when it was deleted or left the filter.

    `into`: which of the two tables this step fills; `left` comes second. Columns that a change does not carry keep the value of
    the change before, or of the target. TRUNCATE makes every key of the target that did not come again one of `left`.
    """

    changes: Staging
    rows: Staging
    left: Staging
    key: tuple[str, ...]
    feed: ChangeFeed
    into: str  # rows | left


@value(kw_only=True)
class AdvanceSlot:
    """Let the slot go on to what is committed in the target, so that the source may remove WAL. A slot that is gone is no error."""

    feed: ChangeFeed
    interval: Interval


FeedAction = CreateSlot | ExportSnapshot | ReadChanges | CheckChanges | CollapseChanges | AdvanceSlot
