"""Which merge policy fits a table: what the catalog proves of its keys, and what a deleted row would take along."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.spi.backend import Facts, PolicyVerdict

MERGES = ("upsert", "delete_insert", "update_insert")


def judge_merge(load: Load, facts: Facts, policy: str) -> PolicyVerdict:
    """upsert needs an index that decides; without it delete_insert is the cheapest, where a deleted row takes nothing along."""
    if policy == "upsert":
        return PolicyVerdict(refused=_no_upsert(load, facts))
    if policy == "update_insert" and _no_upsert(load, facts):
        return PolicyVerdict(preferred=_no_delete(load, facts))
    return PolicyVerdict()


def _no_upsert(load: Load, facts: Facts) -> str:
    """ON CONFLICT (key) needs a unique index on exactly the key that is checked at once, and a table without rules.

    https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
    """
    if facts.target_table is None:
        return "no catalog snapshot proves that the target has a unique index on the key"
    structure, key = facts.target_table.structure, set(load.write.key)
    hazards = dict(structure.hazards)
    if not any(set(unique) == key for unique in (structure.primary_key, *structure.unique_keys)):
        return "the target has no unique index on exactly the key"
    columns = load.decisions.columns if isinstance(load.decisions.columns, tuple) else ()
    if any(moved.target.identity and moved.target.name not in key for moved in columns):
        return "an identity column beside the key may not be updated"
    if "deferrable_key" in hazards:
        return f"constraint {hazards['deferrable_key']} of the target is deferrable, so it decides no conflict"
    if "rule" in hazards:
        return f"rule {hazards['rule']} rewrites statements on the target, and INSERT … ON CONFLICT takes none"
    if "inheritance" in hazards:
        return f"the target inherits, or is inherited by, {hazards['inheritance']}: a key that is there decides no conflict"
    limited = load.write.limits.max_delete_ratio is not None or load.write.limits.max_delete_rows is not None
    if limited and (load.write.policies.on_leave_filter == "delete" or load.write.policies.deletes == "hard"):
        return "the limit on deleted rows needs to know how many rows are new"
    return ""


def _no_delete(load: Load, facts: Facts) -> str:
    """Why rows are rather updated than deleted and inserted again; '' when nothing speaks against it."""
    if facts.target_table is None:
        return "no catalog snapshot shows that a deleted row takes nothing along"
    structure = facts.target_table.structure
    hazards = dict(structure.hazards)
    if "incoming_foreign_key" in hazards:
        return f"{hazards['incoming_foreign_key']} refers to the target: a deleted row could not go, or would take rows along"
    if "inheritance" in hazards:
        return f"the target inherits, or is inherited by, {hazards['inheritance']}: a row of it would go and come to the target"
    columns = load.decisions.columns if isinstance(load.decisions.columns, tuple) else ()
    loaded = {moved.target.name for moved in columns}
    others = [column.name for column in structure.columns if column.name not in loaded and not column.generated]
    if others:
        return f"column {others[0]} of the target is not loaded, and a row that is inserted again would lose it"
    return ""
