"""Which merge policies fit a target, by what its catalog snapshot says; and which one comes first for it."""

from __future__ import annotations

from dpone_compiler.backends.mssql.alignment import obstacles
from dpone_compiler.backends.mssql.shadow import refusal
from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import EngineFacts
from dpone_compiler.spi.backend import Facts, PolicyVerdict

SWITCH = "switch_partitions"
_TOLERANT = "readers: tolerant is not declared, and a reader under SNAPSHOT is refused after the {} (3961)"
_PROVED = "the catalog proves that partitions can be exchanged by SWITCH: old rows leave and new ones come as metadata"


def judge_policy(load: Load, facts: Facts, _strategy: str, policy: str) -> PolicyVerdict:
    """An exchange has to be proved harmless by the catalog, and its readers to be tolerant or never under SNAPSHOT."""
    match policy:
        case _ if policy == SWITCH:
            found = [*obstacles(load, facts.target_table), *_of_readers(load, facts.target_engine)]
            return PolicyVerdict(refused="; ".join(found), preferred="" if found else _PROVED)
        case "shadow_swap":
            refused = refusal(facts.target_table)
            if not refused and load.write.policies.readers != "tolerant":
                refused = _TOLERANT.format("swap")
            return PolicyVerdict(refused=refused)
        case _:
            return PolicyVerdict()


def _of_readers(load: Load, engine: EngineFacts | None) -> tuple[str, ...]:
    """Where the database allows no SNAPSHOT, every reader waits for the lock and then reads what is there."""
    never = engine is not None and dict(engine.settings).get("snapshot_isolation_state") == "0"
    return () if never or load.write.policies.readers == "tolerant" else (_TOLERANT.format("exchange"),)
