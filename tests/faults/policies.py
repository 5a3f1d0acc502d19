"""Loads whose policy no other case has. Their own steps and the commit are broken: the others are those of the case that each is
made of."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.cases import CH_MERGE, PG_ATTACH, PG_CHANGES, PG_FULL, PG_MERGE, PG_SCOPE, Case

_CURSOR = "  cursor: {column: updated_at, assigned_by: database}\n"


def _merged_by(policy: str, case: Case, *steps: str) -> Case:
    """The same load with another merge policy."""
    before = "delete_insert" if case is PG_MERGE else "partition_rewrite"
    short = "".join(word[0] for word in policy.split("_"))
    return replace(
        case,
        name=f"{case.name}_{short}",
        strategy=case.strategy.replace(before, policy),
        steps=(*steps, "commit-state"),
    )


PG_UPSERT = _merged_by("upsert", PG_MERGE, "upsert-staged")
PG_UPDATE = _merged_by("update_insert", PG_MERGE, "insert-missing")
PG_APPEND = replace(
    PG_MERGE, name="pg_append", source=_CURSOR, strategy="    mode: incremental_append\n", updates=0, filtered=False,
    steps=("insert-staged", "commit-state"),
)  # fmt: skip
PG_TRUNCATE = replace(
    PG_FULL, name="pg_truncate", strategy=PG_FULL.strategy + "    readers: tolerant\n",
    steps=("delete-all", "commit-state"),
)  # fmt: skip
PG_FULL_SHADOW = replace(
    PG_FULL, name="pg_full_shadow", strategy=PG_FULL.strategy + "    merge_policy: shadow_swap\n    readers: tolerant\n",
    steps=("exchange-tables", "commit-state", "drop-retired"),
)  # fmt: skip
PG_PARTITION = replace(
    PG_ATTACH, name="pg_partition", partitioned=False, strategy=PG_ATTACH.strategy.replace("attach_detach", "delete_insert"),
    steps=("delete-moved", "commit-state"),
)  # fmt: skip
PG_CHANGES_ANEW = replace(
    PG_CHANGES, name="pg_changes_di", strategy=PG_CHANGES.strategy + "    merge_policy: delete_insert\n",
    steps=("delete-matching", "commit-state"),
)  # fmt: skip
ON_POSTGRES = (PG_UPSERT, PG_UPDATE, PG_APPEND, PG_TRUNCATE, PG_FULL_SHADOW, PG_PARTITION, PG_CHANGES_ANEW)

CH_REPLACING = replace(
    CH_MERGE, name="ch_merge_rmt", source=_CURSOR, filtered=False, engine="ReplacingMergeTree(updated_at)",
    strategy="    mode: incremental_merge\n    merge_policy: replacing_merge_tree\n    unique_key: [id]\n",
    steps=("insert-staged", "commit-state"),
)  # fmt: skip
CH_LIGHT = _merged_by("lightweight_delete_insert", CH_MERGE, "delete-left", "delete-matching", "insert-staged")
CH_SCOPE = replace(
    PG_SCOPE, name="ch_scope", target="clickhouse",
    steps=("build-rewrite", "replace-partitions", "commit-state"),
)  # fmt: skip
CH_CHANGES_LIGHT = replace(
    PG_CHANGES, name="ch_changes_ldi", target="clickhouse",
    strategy=PG_CHANGES.strategy + "    merge_policy: lightweight_delete_insert\n",
    steps=("delete-left", "delete-matching", "insert-staged", "commit-state"),
)  # fmt: skip
ON_CLICKHOUSE = (CH_REPLACING, CH_LIGHT, CH_SCOPE, CH_CHANGES_LIGHT)
