"""What Postgres can do for a load, and why not the rest."""

from __future__ import annotations

from dpone_compiler.ir.schema import EngineFacts
from dpone_compiler.spi.backend import Capabilities

_STRATEGIES = {
    "full_refresh": "",
    "incremental_append": "",
    "incremental_merge": "",
    "partition_replace": "",
    "cdc_apply": "",
    "snapshot_diff": "",
    "scd2": "",
    "replace": "",
    "backfill": "not lowered yet: run a window with dponec run --window",
}
_POLICIES = {
    "full_refresh": ("delete_insert", "truncate_insert", "shadow_swap"),
    "incremental_append": ("insert",),
    # Both are exact; UPDATE of the rows that differ writes fewer dead rows, DELETE + INSERT needs no comparison.
    "incremental_merge": ("update_insert", "delete_insert", "shadow_swap"),
    "cdc_apply": ("update_insert", "delete_insert"),
    "partition_replace": ("delete_insert", "attach_detach"),
}


def capabilities(facts: EngineFacts | None) -> Capabilities:
    """The table of abilities; of an older server than 14 it says why not."""
    old = facts is not None and bool(facts.version) and facts.version[0] < 14
    why = "needs PostgreSQL 14 or later (date_bin, exact extract)"
    return Capabilities(
        strategies={name: (why if old and not text else text) for name, text in _STRATEGIES.items()},
        merge_policies=_POLICIES,
        transactional=True,
        mutable_table=True,
        partitions=True,
        snapshots=True,
        state_in_target=True,
        cdc_source=True,
    )
