"""What a catalog says that makes a load into this table surprising."""

from __future__ import annotations

from dpone_compiler.backends.mssql.policies import SWITCH, judge_policy
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import Load
from dpone_compiler.spi.backend import Facts

_SENTENCES = {
    "trigger": "trigger {name} fires for every statement that writes; what it changes is not in the plan",
    "instead_of_trigger": "trigger {name} runs instead of the statements of this plan: whether anything is written is its choice",
    "incoming_foreign_key": "{name} refers to the target: deleting a row that is referred to fails or cascades, TRUNCATE fails",
    "untrusted_foreign_key": "foreign key {name} was not checked for the rows that are there; new rows are",
    "indexed_view": "indexed view {name} reads the target: it is kept up in the same transaction, and TRUNCATE fails",
    "temporal": "the target keeps its history in {name}: every deleted or updated row is written there, too, and TRUNCATE fails",
    "history_table": "the target is the history of a temporal table ({name}): only the server may write there",
    "change_data_capture": "change data capture reads the target: every deleted and inserted row goes to its subscribers, TRUNCATE fails",
    "change_tracking": "change tracking is on: a row that is deleted and inserted again counts as changed",
    "replication": "the target is published: every deleted and inserted row is sent to its subscribers, TRUNCATE fails",
    "security_policy": "security policy {name} filters the target: rows that the loader may not see are neither deleted nor counted",
    "memory_optimized": "the target is memory-optimised: lock hints do not hold there, so other writers are not kept out",
    "columnstore": "the target is a clustered columnstore: keys are found by scanning, and updated rows are deleted and added",
    "filtered_unique_index": "unique index {name} holds for a part of the rows only, so it is no key for this load",
}

_NOT_SWITCHED = (
    "the target is partitioned by {name}, and its partitions are emptied and filled by DELETE and INSERT: {why}"
)
_ASKED = "the manifest asks for it"


def hazards(load: Load, facts: Facts) -> tuple[tuple[str, str], ...]:
    """(kind, sentence) for the target, from its catalog snapshot alone."""
    if facts.target_table is None:
        return ()
    structure = facts.target_table.structure
    found = [(kind, _SENTENCES[kind].replace("{name}", name)) for kind, name in structure.hazards if kind in _SENTENCES]
    columns = load.decisions.columns if isinstance(load.decisions.columns, tuple) else ()
    for moved in columns:
        now = structure.column(moved.target.name) or moved.target
        if now.generated:
            found.append(("generated_column", f"column {now.name} is computed: it computes itself and is not written"))
        elif now.identity:
            sentence = (
                f"column {now.name} is an identity: its values are loaded under IDENTITY_INSERT, which raises its seed"
            )
            found.append(("identity_column", sentence))
    strategy = "" if isinstance(load.decisions.strategy, Undecided) else load.decisions.strategy.value
    policy = "" if isinstance(load.decisions.merge_policy, Undecided) else load.decisions.merge_policy.value
    if structure.partition_key and strategy == "partition_replace" and policy != SWITCH:
        why = judge_policy(load, facts, strategy, SWITCH).refused or _ASKED
        found.append(("partitions_not_switched", _NOT_SWITCHED.format(name=structure.partition_key, why=why)))
    dated = strategy == "scd2"
    key = (*load.write.key, load.write.history.valid_from) if dated else load.write.key
    unique = {structure.primary_key, *structure.unique_keys}
    if key and not any(set(each) == set(key) for each in unique):
        sentence = f"no unique index on ({', '.join(key)}): key-range locks then cover the whole table, and others may double a key"
        found.append(("key_without_index", sentence))
    return tuple(found)
