"""What ClickHouse can do, by version; each fact with its page or the run that showed it."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import is_legacy
from dpone_compiler.ir.load import STRATEGIES
from dpone_compiler.ir.schema import EngineFacts
from dpone_compiler.spi.backend import Capabilities

# clickhouse.com/docs/sql-reference/statements/exchange, …/alter/partition#move-partition-to-table
_MODERN = frozenset(
    {
        "full_refresh",
        "incremental_append",
        "incremental_merge",
        "partition_replace",
        "replace",
        "snapshot_diff",
        "scd2",
        "cdc_apply",
        "backfill",
    }
)
# 18.16 has REPLACE PARTITION FROM (clickhouse.com/docs/sql-reference/statements/alter/partition#replace-partition) but no MOVE [run].
_LEGACY = _MODERN - {"incremental_append", "scd2"}
_NO_APPEND = (
    "this server has no MOVE PARTITION TO TABLE (ClickHouse 20.1), an INSERT that was cut off leaves a part of its rows, and a "
    "mutation that takes them back cannot be waited for; use incremental_merge or partition_replace"
)
_LACKS = {
    "incremental_append": _NO_APPEND,
    "scd2": "histories are built by window functions, which need ClickHouse 23.12 here; use snapshot_diff, or merge",
}
# Best first; the reasons are in docs/adr/0005-clickhouse-merge-default.md.
_MERGE = ("partition_rewrite", "replacing_merge_tree", "lightweight_delete_insert", "shadow_swap")
_LEGACY_MERGE = ("partition_rewrite", "replacing_merge_tree")
# From here on an empty part covers what was replaced (github.com/ClickHouse/ClickHouse/pull/107623); a version that is not known is below.
_COVERS = (26, 6)
_NEWER = {
    "lightweight_delete_insert": "it needs lightweight deletes (ClickHouse 23.3), which are used from 23.12 on",
    "shadow_swap": "it needs EXCHANGE TABLES (ClickHouse 20.10), which is used from 23.12 on",
}


def capabilities(engine: EngineFacts | None) -> Capabilities:
    """The capabilities of a server; an unknown one is taken as modern."""
    legacy = is_legacy(engine)
    able = _LEGACY if legacy else _MODERN
    strategies = {name: "" for name in STRATEGIES if name in able}
    for name in STRATEGIES:
        if name not in able:
            strategies[name] = _LACKS.get(name, f"the ClickHouse backend does not lower {name}")
    return Capabilities(
        strategies=strategies,
        merge_policies={
            "incremental_merge": _LEGACY_MERGE if legacy else _MERGE,
            # A ReplacingMergeTree keeps a deleted key until its rows are deleted all the same; a window of changes is small, and
            # a whole new table is not.
            "cdc_apply": tuple(
                p for p in (_LEGACY_MERGE if legacy else _MERGE) if p not in {"replacing_merge_tree", "shadow_swap"}
            ),
        },
        # clickhouse.com/docs/guides/developer/transactional: nothing spans two statements outside of an experimental feature.
        transactional=False,
        # Without DELETE FROM a table still changes by whole partitions: REPLACE and DROP PARTITION are in 18.16 too [run].
        mutable_table=True,
        partitions=True,
        snapshots=False,
        replaced_rows_return=engine is None or engine.version < _COVERS,
        not_read="ClickHouse is a target only in this version",
        newer_policies=_NEWER if legacy else {},
    )
