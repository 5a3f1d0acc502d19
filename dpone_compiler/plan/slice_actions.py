"""Actions of a backfill: a run loads one slice of a range, and records it with its data."""

from __future__ import annotations

from dpone_compiler.ir.interval import Scope
from dpone_compiler.ir.slices import Slices
from dpone_compiler.plan.staging import Staging
from dpone_compiler.source.value import value


@value(kw_only=True)
class NextSlice:
    """Give the first slice that this backfill has not recorded as the run's window, and how many are left after it.

    No row: every slice is loaded. `backfill` names what slices are recorded under: inner mode and column.
    """

    slices: Slices
    backfill: str


@value(kw_only=True)
class CheckSliceFilled:
    """empty_slice: fail. No staged row in the slice stops the run before the target is touched."""

    staging: Staging
    scope: Scope


@value(kw_only=True)
class RecordSlice:
    """Record the run's slice as loaded, where its data is: with it in one transaction, or after its proof."""

    backfill: str


SliceAction = NextSlice | CheckSliceFilled | RecordSlice
