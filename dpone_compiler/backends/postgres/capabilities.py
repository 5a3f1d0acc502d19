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
    "backfill": "",
}
_POLICIES = {
    "full_refresh": ("delete_insert", "truncate_insert", "shadow_swap"),
    "incremental_append": ("insert",),
    # All are exact. One INSERT … ON CONFLICT is the cheapest and needs a unique index on the key; DELETE + INSERT needs none;
    # UPDATE of the rows that differ costs most, and touches neither unchanged rows nor columns that are not loaded (ADR 0009).
    "incremental_merge": ("upsert", "delete_insert", "update_insert", "shadow_swap"),
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
