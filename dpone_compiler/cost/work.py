"""What each way of loading does, as phases over quantities. Rows of a phase are `staged` ones unless it says otherwise.

The four strategies are those that `auto` chooses among. The others mean something else, so their cost is no argument for them:
they are estimated where a manifest asks for them. Ways that no benchmark has run stand in `volumes`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.source.value import value

STRATEGIES = ("full_refresh", "incremental_append", "incremental_merge", "partition_replace")


@value(kw_only=True)
class Work:
    """Phases besides `open`, `move` and `prove`, which every run has. `slices`: those whose rows are the touched partitions' rows.
    `tables`: those whose rows are the whole table's.

    `counted`: those that are counted in partitions. `lock`: what others wait for. `logged`: how often an applied byte is logged.
    `stages`: window (the whole source where there is none) | changes | source | slices, the partitions that
    hold changes.
    `applies`: staged | changes, those staged rows that differ from the target. `copies`: '' | slices | table, what of the target
    is built anew beside it.
    """

    phases: tuple[str, ...]
    slices: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    lock: str = "none"
    logged: float = 0.0
    stages: str = "window"
    applies: str = "staged"
    copies: str = ""


ROWS = "locks on the rows that change, until the commit"
TABLE = "ACCESS EXCLUSIVE on the target, until the commit"
MODIFY = "Sch-M on the target, until the commit"  # learn.microsoft.com/sql/t-sql/statements/truncate-table-transact-sql

# A version that ends is updated and a new one inserted, so two rows are written for each that changes.
HISTORY = 2.0
# An update and its index entries: https://www.postgresql.org/docs/current/wal-intro.html
UPDATED = 1.5

WORK: Mapping[str, Mapping[tuple[str, str], Work]] = {
    "postgres": {
        ("full_refresh", "delete_insert"): Work(stages="source", phases=("delete", "insert"), lock=ROWS, logged=1.5),
        ("full_refresh", "truncate_insert"): Work(stages="source", phases=("insert",), lock=TABLE, logged=1.0),
        ("full_refresh", "shadow_swap"): Work(stages="source", phases=("insert",), lock=TABLE, logged=1.0),
        ("incremental_append", "insert"): Work(stages="changes", phases=("insert",), logged=1.0),
        ("incremental_merge", "upsert"): Work(phases=("upsert",), lock=ROWS, logged=1.5),
        ("incremental_merge", "delete_insert"): Work(phases=("match", "insert"), lock=ROWS, logged=1.5),
        ("incremental_merge", "update_insert"): Work(phases=("update",), lock=ROWS, logged=1.5),
        ("partition_replace", "delete_insert"): Work(
            stages="slices", phases=("find", "delete", "insert"), lock=ROWS, logged=1.5
        ),
        ("partition_replace", "attach_detach"): Work(
            stages="slices", phases=("find", "insert"), lock=TABLE, logged=1.0
        ),
        ("incremental_merge", "shadow_swap"): Work(
            phases=("copy",), tables=("copy",), lock=TABLE, logged=1.0, copies="table"
        ),
        ("snapshot_diff", ""): Work(phases=("compare",), stages="source", applies="changes", lock=ROWS, logged=UPDATED),
        ("scd2", ""): Work(phases=("versions",), applies="changes", lock=ROWS, logged=UPDATED * HISTORY),
        ("cdc_apply", "update_insert"): Work(stages="changes", phases=("apply_update",), lock=ROWS, logged=UPDATED),
        ("cdc_apply", "delete_insert"): Work(stages="changes", phases=("apply_match",), lock=ROWS, logged=UPDATED),
        ("replace", ""): Work(stages="changes", phases=("delete", "insert"), lock=ROWS, logged=1.5),
    },
    # Volumes alone: nobody has measured it, so no time is told.
    "mssql": {
        ("full_refresh", "delete_insert"): Work(stages="source", phases=("delete", "insert"), lock=ROWS, logged=2.0),
        ("full_refresh", "truncate_insert"): Work(stages="source", phases=("insert",), lock=MODIFY, logged=1.0),
        ("incremental_append", "insert"): Work(stages="changes", phases=("insert",), lock=ROWS, logged=1.0),
        ("incremental_merge", "update_insert"): Work(phases=("update",), lock=ROWS, logged=2.0),
        ("incremental_merge", "delete_insert"): Work(phases=("match", "insert"), lock=ROWS, logged=2.0),
        ("partition_replace", "delete_insert"): Work(
            stages="slices", phases=("find", "delete", "insert"), lock=ROWS, logged=2.0
        ),
        ("partition_replace", "switch_partitions"): Work(
            stages="slices", phases=("find", "insert"), lock=MODIFY, logged=1.0
        ),
        ("replace", ""): Work(stages="changes", phases=("delete", "insert"), lock=ROWS, logged=2.0),
    },
    "clickhouse": {
        ("full_refresh", ""): Work(stages="source", phases=("swap",), counted=("swap",)),
        ("incremental_append", ""): Work(stages="changes", phases=("swap",), counted=("swap",)),
        ("incremental_merge", "partition_rewrite"): Work(
            phases=("rewrite", "swap"), slices=("rewrite",), counted=("swap",), copies="slices"
        ),
        ("incremental_merge", "lightweight_delete_insert"): Work(phases=("match", "insert")),
        ("partition_replace", ""): Work(stages="slices", phases=("find", "swap"), counted=("swap",)),
        ("incremental_merge", "shadow_swap"): Work(phases=("copy",), tables=("copy",), copies="table"),
        ("incremental_merge", "replacing_merge_tree"): Work(phases=("insert_versions",)),
        ("snapshot_diff", ""): Work(phases=("compare",), stages="source", applies="changes", copies="slices"),
        ("scd2", ""): Work(phases=("versions",), applies="changes", copies="slices"),
        ("cdc_apply", "partition_rewrite"): Work(stages="changes", phases=("apply_rewrite",), copies="slices"),
        ("cdc_apply", "lightweight_delete_insert"): Work(stages="changes", phases=("apply_match",)),
        ("replace", ""): Work(
            stages="changes", phases=("rewrite", "swap"), slices=("rewrite",), counted=("swap",), copies="slices"
        ),
    },
}

# Which phase a step of a receipt belongs to; what is not named is `open`, paid by every run.
PHASES = {
    "transfer": "move",
    "fingerprint_source": "prove",
    "check_staged_rows": "prove",
    "check_not_empty": "prove",
    "check_null_keys": "prove",
    "check_duplicate_keys": "prove",
    "check_partition_values": "prove",
    "check_window_owned": "prove",
    "find_partitions": "find",
    "record_staged": "prove",
    "reconcile": "prove",
    "delete_all": "delete",
    "delete_scope": "delete",
    "delete_matching": "match",
    "delete_partitions": "delete",
    "insert_staged": "insert",
    "build_shadow": "insert",
    "check_deletes": "compare",
    "find_missing": "compare",
    "build_diff": "compare",
    "delete_missing": "compare",
    "mark_missing": "compare",
    "prove_missing": "compare",
    "build_versions": "versions",
    "delete_stale": "versions",
    "prove_versions": "versions",
    "check_changes": "apply_update",
    "collapse_changes": "apply_update",
    "update_matching": "update",
    "build_rewrite": "rewrite",
    "record_rewrite": "rewrite",
    "replace_partitions": "swap",
    "drop_partitions": "swap",
    "await_cleared": "swap",
    "move_partitions": "swap",
    "exchange_tables": "swap",
}
# What a step is under these policies: INSERT … ON CONFLICT, the rows that an update did not find, and TRUNCATE.
UNDER = {
    ("insert_staged", "upsert"): "upsert",
    ("insert_staged", "update_insert"): "update",
    ("delete_all", "truncate_insert"): "open",
}


# Ways whose own steps are one phase together: they are always run together, on the same rows.
WHOLE = {
    ("incremental_merge", "shadow_swap"): "copy",
    ("incremental_merge", "replacing_merge_tree"): "insert_versions",
    ("snapshot_diff", ""): "compare",
    ("scd2", ""): "versions",
    ("cdc_apply", "update_insert"): "apply_update",
    ("cdc_apply", "delete_insert"): "apply_match",
    ("cdc_apply", "partition_rewrite"): "apply_rewrite",
    ("cdc_apply", "lightweight_delete_insert"): "apply_match",
}
COMMON = ("open", "move", "prove")


def phase_of(kind: str, way: tuple[str, str]) -> str:
    """The phase of a step of this kind in a run that goes this way (strategy, policy)."""
    phase = UNDER.get((kind, way[1])) or PHASES.get(kind, "open")
    return phase if phase in COMMON else WHOLE.get(way, phase)
