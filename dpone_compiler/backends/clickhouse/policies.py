"""Which merge policies fit a target, by what its catalog snapshot says."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.spi.backend import Facts, PolicyVerdict

ATOMIC_DATABASES = ("Atomic", "Replicated", "Shared")


def judge_policy(load: Load, facts: Facts, _strategy: str, policy: str) -> PolicyVerdict:
    """An exchange has to be proved possible and harmless by the catalog: there is never a silent other way."""
    return PolicyVerdict(refused=_exchange_refusal(load, facts) if policy == "shadow_swap" else "")


def _exchange_refusal(load: Load, facts: Facts) -> str:
    """Why the target cannot be exchanged for a new table; '' when it can."""
    if load.write.policies.deletes == "soft":
        return "deletes: soft marks rows in the partitions that are rewritten; use partition_rewrite"
    if facts.target_table is None:
        return "no catalog snapshot proves that the database engine can exchange tables atomically; run `dponec introspect`"
    structure = facts.target_table.structure
    if structure.database_engine not in ATOMIC_DATABASES:
        return f"the database engine {structure.database_engine} cannot exchange tables atomically"
    if load.write.staging_schema not in ("", load.write.endpoint.table.schema):
        return (
            f"staging is in the database {load.write.staging_schema}, and tables are exchanged inside one database only"
        )
    views = [name for kind, name in structure.hazards if kind == "materialized_view"]
    return f"the materialized view {views[0]} hangs on the target, and an exchange would cut it off" if views else ""
