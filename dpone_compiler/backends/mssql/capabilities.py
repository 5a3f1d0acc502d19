"""What SQL Server can do for a load, and why not the rest."""

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
    # No `merge`: see backends/mssql/apply.py for the vendor's page.
    "incremental_merge": ("update_insert", "delete_insert"),
    "cdc_apply": ("update_insert", "delete_insert"),
    "partition_replace": ("delete_insert", "switch_partitions"),
}
# HASHBYTES of any length, OPENJSON, STRING_ESCAPE and SESSION_CONTEXT came with 2016 (13.x):
# https://learn.microsoft.com/en-us/sql/sql-server/what-s-new-in-sql-server-2016
# Azure SQL Database calls itself 12.x and has them all: it is told apart by its edition.
_OLDEST = 13
_AZURE = (
    "5",
    "8",
    "12",
)  # EngineEdition: https://learn.microsoft.com/en-us/sql/t-sql/functions/serverproperty-transact-sql
_LEVEL = 130  # OPENJSON: https://learn.microsoft.com/en-us/sql/t-sql/functions/openjson-transact-sql


def capabilities(facts: EngineFacts | None) -> Capabilities:
    """The table of abilities; of an older server or a database of an older level it says why not."""
    why = _too_old(facts)
    return Capabilities(
        strategies={name: why or text for name, text in _STRATEGIES.items()},
        merge_policies=_POLICIES,
        transactional=True,
        mutable_table=True,
        partitions=True,
        snapshots=False,
        state_in_target=True,
        stages_alone=True,
        cdc_source=False,
    )


def _too_old(facts: EngineFacts | None) -> str:
    if facts is None:
        return ""
    settings = dict(facts.settings)
    if facts.version and facts.version[0] < _OLDEST and settings.get("engine_edition") not in _AZURE:
        return "needs SQL Server 2016 or later (OPENJSON, HASHBYTES of any length)"
    level = settings.get("compatibility_level", "")
    if level.isdigit() and int(level) < _LEVEL:
        return f"needs compatibility level {_LEVEL} or later of the database (OPENJSON); it has {level}"
    return ""
