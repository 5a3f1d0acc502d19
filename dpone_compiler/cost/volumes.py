"""Ways of loading that nobody has measured: what their statements read, write, build and lock, and so volumes without a time.

The strategies that mean something else are here, and merge policies that no benchmark has run; `NOT_ESTIMATED` says why the rest has
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.cost.work import ROWS, TABLE, Work

# A version that ends is updated and a new one inserted, so two rows are written for each that changes.
_HISTORY = 2.0
# An update and its index entries: https://www.postgresql.org/docs/current/wal-intro.html
_UPDATED = 1.5

VOLUMES: Mapping[str, Mapping[tuple[str, str], Work]] = {
    "postgres": {
        ("incremental_merge", "shadow_swap"): Work(phases=("copy",), lock=TABLE, logged=1.0, copies="table"),
        ("cdc_apply", "update_insert"): Work(
            stages="changes", phases=("collapse", "update"), lock=ROWS, logged=_UPDATED
        ),
        ("cdc_apply", "delete_insert"): Work(
            stages="changes", phases=("collapse", "match", "insert"), lock=ROWS, logged=_UPDATED
        ),
        ("snapshot_diff", ""): Work(
            phases=("compare",), stages="source", applies="changes", lock=ROWS, logged=_UPDATED
        ),
        ("scd2", ""): Work(phases=("versions",), applies="changes", lock=ROWS, logged=_UPDATED * _HISTORY),
    },
    "mssql": {
        ("full_refresh", "shadow_swap"): Work(stages="source", phases=("insert",), lock=TABLE, logged=1.0),
        ("cdc_apply", "update_insert"): Work(stages="changes", phases=("collapse", "update"), lock=ROWS, logged=2.0),
        ("cdc_apply", "delete_insert"): Work(
            stages="changes", phases=("collapse", "match", "insert"), lock=ROWS, logged=2.0
        ),
        ("snapshot_diff", ""): Work(phases=("compare",), stages="source", applies="changes", lock=ROWS, logged=2.0),
        ("scd2", ""): Work(phases=("versions",), applies="changes", lock=ROWS, logged=2.0 * _HISTORY),
    },
    "clickhouse": {
        ("incremental_merge", "shadow_swap"): Work(phases=("copy",), copies="table"),
        ("incremental_merge", "replacing_merge_tree"): Work(phases=("insert_versions",)),
        ("cdc_apply", "partition_rewrite"): Work(stages="changes", phases=("collapse", "rewrite"), copies="slices"),
        ("cdc_apply", "lightweight_delete_insert"): Work(stages="changes", phases=("collapse", "match", "insert")),
        ("snapshot_diff", ""): Work(phases=("compare",), stages="source", applies="changes", copies="slices"),
        ("scd2", ""): Work(phases=("versions",), applies="changes", copies="slices"),
    },
}
NOT_ESTIMATED: Mapping[str, str] = {
    "replace": "nobody says how many rows lie in the declared scope",
}
