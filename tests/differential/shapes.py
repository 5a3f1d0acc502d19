"""The loads that are told stories: one entry a cell. A new strategy or policy joins by one entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MONTHS = {"column": "day", "by": "month"}
CLOCK = {"cursor": {"column": "at", "assigned_by": "database"}}
SEQUENCE = {"cursor": {"column": "seq", "assigned_by": "database"}}
TABLE = {"cursor": {"column": "seq", "lag": 0}, "options": {"cdc": {"mode": "change_table", "truncate": "apply"}}}
SLOT = {"options": {"cdc": {"mode": "logical_replication", "truncate": "apply"}}}
FILTER = {"where": "note <> 'draft'"}
TOMBSTONE = {"tombstone": "note = 'gone'"}
PLAIN_KEY, LOOSE_KEY = "PRIMARY KEY", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A load of the table `orders`: id, amount, note, day, seq, at.

    `key`: the constraint of id at the source; without one, keys may be NULL or occur twice. `target`: how the ClickHouse target is
    made. `technical`: columns that the target has besides: deleted_at | gone | flag | history. `form` change_table: the source holds
    changes, with their operation. `monthly`: the target on Postgres is cut into months. `examples`: stories told in CI.
    `created`: the target is made by the plan.
    """

    name: str
    mode: str
    sinks: tuple[str, ...]
    source: Mapping[str, Any] = field(default_factory=dict)
    strategy: Mapping[str, Any] = field(default_factory=dict)
    key: str = PLAIN_KEY
    keyed: bool = True
    target: Mapping[str, Any] = field(default_factory=dict)
    technical: str = ""
    form: str = ""
    monthly: bool = False
    created: bool = False
    examples: int = 4


POSTGRES, CLICKHOUSE = ("pg18", "pg15"), ("chdb", "ch18")
EVERYWHERE = POSTGRES + CLICKHOUSE

# Four slices; rows before, behind and between them come and go.
SLICED = {"column": "seq", "kind": "integer", "from": 1000, "to": 1040, "step": 10}
DATED = {"column": "day", "kind": "date", "from": "2026-02-01", "to": "2026-03-15", "step": "14 days"}


def _backfill(inner: str, chunk: Mapping[str, Any], sinks: tuple[str, ...], **strategy: Any) -> Shape:
    """A backfill of an inner mode; it is told from its first slice with each load, but for an append."""
    return Shape(
        name=f"backfill-{inner}" + ("-strict" if strategy.get("empty_slice") == "fail" else ""),
        mode="backfill",
        sinks=sinks,
        source=FILTER,
        strategy={"backfill": {"inner_mode": inner, "chunk": chunk}, "empty_slice": "keep", **strategy},
        keyed=inner != "incremental_append",
        examples=2,
    )


SHAPES = (
    Shape(name="full_refresh", mode="full_refresh", sinks=EVERYWHERE, source=FILTER, strategy={"empty_slice": "clear"}),
    Shape(
        name="full_refresh-truncate",
        mode="full_refresh",
        sinks=POSTGRES,
        strategy={"readers": "tolerant"},
        key=LOOSE_KEY,
    ),
    Shape(name="append", mode="incremental_append", sinks=(*POSTGRES, "chdb"), source=CLOCK | FILTER, keyed=False),
    Shape(name="append-sequence", mode="incremental_append", sinks=POSTGRES, source=SEQUENCE, keyed=False),
    Shape(
        name="merge-update_insert",
        mode="incremental_merge",
        sinks=POSTGRES,
        source=CLOCK | FILTER,
        strategy={"merge_policy": "update_insert", "on_leave_filter": "delete"},
    ),
    Shape(
        name="merge-shadow_swap",
        mode="incremental_merge",
        sinks=(*POSTGRES, "chdb"),
        source=CLOCK | FILTER,
        strategy={"merge_policy": "shadow_swap", "readers": "tolerant", "on_leave_filter": "delete"},
        examples=2,
    ),
    Shape(
        name="full_refresh-shadow_swap",
        mode="full_refresh",
        sinks=POSTGRES,
        source=FILTER,
        strategy={"merge_policy": "shadow_swap", "readers": "tolerant", "empty_slice": "clear"},
        examples=2,
    ),
    Shape(
        name="merge-deletes_hard",
        mode="incremental_merge",
        sinks=EVERYWHERE,
        source=CLOCK | FILTER | TOMBSTONE,
        strategy={"deletes": "hard"},
        examples=2,
    ),
    Shape(
        name="merge-deletes_hard-replacing_merge_tree",
        mode="incremental_merge",
        sinks=("chdb",),
        source=SEQUENCE | TOMBSTONE,
        strategy={"deletes": "hard", "merge_policy": "replacing_merge_tree"},
        target={"engine": "ReplacingMergeTree(seq, gone)", "partition": ""},
        technical="gone",
        examples=2,
    ),
    Shape(
        name="merge-deletes_soft",
        mode="incremental_merge",
        sinks=EVERYWHERE,
        source=FILTER | TOMBSTONE,
        strategy={"deletes": "soft", "empty_slice": "keep"},
        technical="deleted_at",
        examples=2,
    ),
    Shape(
        name="merge-deletes_soft-cursor",
        mode="incremental_merge",
        sinks=("pg18", "chdb"),
        source=CLOCK | TOMBSTONE,
        strategy={"deletes": "soft"},
        technical="deleted_at",
        examples=2,
    ),
    Shape(
        name="merge-delete_insert",
        mode="incremental_merge",
        sinks=POSTGRES,
        source=SEQUENCE | FILTER,
        strategy={"merge_policy": "delete_insert"},
        key=LOOSE_KEY,
    ),
    Shape(
        name="merge-latest",
        mode="incremental_merge",
        sinks=POSTGRES,
        source={"cursor": {"column": "seq", "assigned_by": "database", "lookback": 1000}},
        strategy={"null_keys": "skip", "staging_duplicates": "latest"},
        key=LOOSE_KEY,
    ),
    Shape(
        name="merge-partition_rewrite",
        mode="incremental_merge",
        sinks=CLICKHOUSE,
        source=CLOCK | FILTER,
        strategy={"merge_policy": "partition_rewrite", "on_leave_filter": "delete", "partition": MONTHS},
        examples=2,
    ),
    Shape(
        name="merge-created",
        mode="incremental_merge",
        sinks=EVERYWHERE,
        source=CLOCK | FILTER | TOMBSTONE,
        strategy={"deletes": "soft", "on_leave_filter": "keep", "partition": MONTHS},
        created=True,
        examples=1,
    ),
    Shape(
        name="merge-lightweight_delete_insert",
        mode="incremental_merge",
        sinks=("chdb",),
        source=SEQUENCE,
        strategy={"merge_policy": "lightweight_delete_insert"},
        examples=2,
    ),
    Shape(
        name="merge-replacing_merge_tree",
        mode="incremental_merge",
        sinks=("chdb",),
        source=SEQUENCE,
        strategy={"merge_policy": "replacing_merge_tree"},
        target={"engine": "ReplacingMergeTree(seq)", "partition": ""},
        examples=2,
    ),
    Shape(
        name="partition_replace",
        mode="partition_replace",
        sinks=EVERYWHERE,
        source=CLOCK | FILTER,
        strategy={"partition": MONTHS},
        examples=2,
    ),
    Shape(
        name="partition_replace-attach_detach",
        mode="partition_replace",
        sinks=POSTGRES,
        source=CLOCK | FILTER,
        strategy={"partition": MONTHS, "merge_policy": "attach_detach", "readers": "tolerant"},
        monthly=True,
        examples=2,
    ),
    Shape(
        name="partition_replace-whole",
        mode="partition_replace",
        sinks=("pg18", "chdb"),
        source=FILTER,
        strategy={"partition": MONTHS, "empty_slice": "clear"},
        keyed=False,
        examples=2,
    ),
    Shape(
        name="replace",
        mode="replace",
        sinks=EVERYWHERE,
        source=FILTER
        | {
            "options": {
                "portable_scope": {"kind": "range", "column": "day", "lower": "2026-02-01", "upper": "2026-03-01"}
            }
        },
        strategy={"empty_slice": "clear"},
        keyed=False,
        examples=2,
    ),
    Shape(
        name="snapshot_diff-hard",
        mode="snapshot_diff",
        sinks=EVERYWHERE,
        source=FILTER,
        strategy={"diff": {"delete_policy": "hard_delete"}},
        examples=2,
    ),
    Shape(
        name="snapshot_diff-soft",
        mode="snapshot_diff",
        sinks=("pg18", "chdb"),
        source=FILTER,
        strategy={"diff": {"delete_policy": "soft_delete"}, "empty_slice": "keep"},
        technical="deleted_at",
        examples=2,
    ),
    Shape(
        name="scd2-cursor",
        mode="scd2",
        sinks=("pg18", "chdb"),
        source={"cursor": {"column": "at", "lag": "0 seconds"}},
        technical="history",
        examples=2,
    ),
    Shape(
        name="cdc-change_table",
        mode="cdc_apply",
        sinks=EVERYWHERE,
        source=TABLE | FILTER,
        strategy={"cdc": {"operation_column": "op"}},
        form="change_table",
        examples=2,
    ),
    *(
        Shape(
            name=f"cdc-change_table-{policy}",
            mode="cdc_apply",
            sinks=sinks,
            source=TABLE | FILTER,
            strategy={"cdc": {"operation_column": "op"}, "merge_policy": policy},
            form="change_table",
            examples=2,
        )
        for policy, sinks in (("delete_insert", ("pg18",)), ("lightweight_delete_insert", ("chdb",)))
    ),
    Shape(
        name="cdc-change_table-soft",
        mode="cdc_apply",
        sinks=("pg18",),
        source=TABLE | FILTER,
        strategy={"cdc": {"operation_column": "op", "delete_policy": "soft_delete", "deleted_column": "gone"}},
        technical="flag",
        form="change_table",
        examples=2,
    ),
    Shape(
        name="cdc-change_table-ignore",
        mode="cdc_apply",
        sinks=("pg18", "chdb"),
        source=TABLE | FILTER,
        strategy={"cdc": {"operation_column": "op", "delete_policy": "ignore"}},
        form="change_table",
        examples=2,
    ),
    Shape(name="cdc-slot", mode="cdc_apply", sinks=EVERYWHERE, source=SLOT | FILTER, examples=2),
    Shape(name="scd2-snapshot", mode="scd2", sinks=("pg18", "chdb"), technical="history", examples=2),
    _backfill("incremental_merge", SLICED, ("pg18", "ch18"), partition=MONTHS, on_leave_filter="delete"),
    _backfill("incremental_append", DATED, ("pg18", "chdb")),
    _backfill("partition_replace", DATED, ("pg15", "chdb"), partition=MONTHS),
    _backfill("replace", DATED, ("pg18", "chdb"), empty_slice="clear"),
    _backfill("replace", SLICED, ("pg18",), empty_slice="fail"),
)
CELLS = {f"{shape.name}-{sink}": (shape, sink) for shape in SHAPES for sink in shape.sinks}
"""Cell -> its load and its sink."""
