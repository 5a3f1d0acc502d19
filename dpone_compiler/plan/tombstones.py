"""Actions on rows that the source has deleted and still holds: their keys are staged as `left`, apart from the rows that live."""

from __future__ import annotations

from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.staging import Staging
from dpone_compiler.source.value import value


@value(kw_only=True)
class CheckTombstones:
    """No key is staged as deleted and as living: which of the two came last, nobody could say."""

    staging: Staging
    left: Staging
    key: tuple[str, ...]


@value(kw_only=True)
class MarkDeleted:
    """Set the mark of target rows whose key is staged in `staging`; one that is set stays as it is.

    `version`: the sink has no rows that change; a new version of the row (its key, this column of `staging`, the mark) says that
    it is gone.
    """

    staging: Staging
    key: tuple[str, ...]
    mark: Column
    version: str = ""


@value(kw_only=True)
class ProveDeleted:
    """Prove that no row of the target has a deleted key: none at all, or with a mark none without it, and no staged one with it."""

    staging: Staging
    left: Staging
    key: tuple[str, ...]
    mark: Column | None = None


TombstoneAction = CheckTombstones | MarkDeleted | ProveDeleted
