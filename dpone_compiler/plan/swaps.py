"""Actions that build a successor of the target, or of its partitions, and put it in place; and those of a declared scope."""

from __future__ import annotations

from dpone_compiler.ir.interval import PartitionSet, Scope
from dpone_compiler.plan.staging import Staging
from dpone_compiler.source.value import value


@value(kw_only=True)
class BuildPartitions:
    """Build a table for each affected partition that can take its place: its structure and bound, and the staged rows of it.

    What was built is proved against the staged rows (`level`) here, where nobody waits for it.
    """

    staging: Staging
    partitions: PartitionSet
    level: str


@value(kw_only=True)
class SwapPartitions:
    """For each affected partition: take the target's rows out, and the one that was built in, in its place.

    `older`: what a reader whose snapshot is older than the new partition meets: empty (no row of it) | refused (an error).
    """

    staging: Staging
    partitions: PartitionSet
    older: str = "empty"


@value(kw_only=True)
class DropRetired:
    """Drop what a swap took out of the target, and what was built for one that never came."""


@value(kw_only=True)
class BuildShadow:
    """Build the whole new target in `shadow`: target rows whose key is not staged (none without a key), and the staged rows."""

    staging: Staging
    shadow: Staging
    key: tuple[str, ...] = ()
    left: Staging | None = None


@value(kw_only=True)
class CheckScope:
    """Every staged row lies in the scope: a row outside of it would be added to rows that stay."""

    staging: Staging
    scope: Scope


@value(kw_only=True)
class DeleteScope:
    """Delete the target's rows inside the scope. Rows where the scope cannot be told (NULL) stay."""

    scope: Scope


@value(kw_only=True)
class CheckLosses:
    """Stop before anything changes when the target would lose more rows than the limits allow, where nothing can be rolled back.

    Lost: rows of the target in `partitions` (and with a `key` those elsewhere whose key is staged), in `rows`, or in all of it,
    less those that are staged.
    """

    staging: Staging
    partitions: PartitionSet | None = None
    key: tuple[str, ...] = ()
    rows: Scope | None = None
