"""The grid: what may be known of a load, crossed. Explicit modes are crossed with less, since no hint can change them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

SOURCES = ("postgres", "mssql", "clickhouse")
SINKS = ("postgres", "mssql", "clickhouse", "bigquery", "kafka")
OTHER_SOURCES = ("mysql", "rest", "kafka")
ROWS = (None, 0, 999_999, 1_000_000, 50_000_000)
CHANGED = (None, 0.04, 0.05, 1.0)
EXPLICIT = (
    "full_refresh", "incremental_append", "incremental_merge", "partition_replace", "cdc_apply", "snapshot_diff", "scd2",
)  # fmt: skip


def contexts() -> Iterator[dict[str, Any]]:
    """Keyword arguments of StrategyContext on both sides."""
    flags = tuple(product((False, True), repeat=4))
    for source, sink, rows, changed, (key, partition, cursor, cdc) in product(SOURCES, SINKS, ROWS, CHANGED, flags):
        yield _context(
            source, sink, "auto", rows=rows, changed=changed, key=key, partition=partition, cursor=cursor, cdc=cdc
        )
    for source, sink, mode, key, partition in product(SOURCES, SINKS, EXPLICIT, (False, True), (False, True)):
        yield _context(source, sink, mode, rows=5_000_000, changed=0.2, key=key, partition=partition, cursor=True)
    for source, sink, key in product(OTHER_SOURCES, SINKS, (False, True)):
        yield _context(source, sink, "auto", rows=5_000_000, changed=0.2, key=key)
    for deleted, key in product((None, 0.0, 0.05), (False, True)):
        yield {**_context("postgres", "postgres", "auto", key=key, cursor=True), "delete_percent": deleted}


def _context(
    source: str,
    sink: str,
    mode: str,
    *,
    rows: int | None = None,
    changed: float | None = None,
    key: bool = False,
    partition: bool = False,
    cursor: bool = False,
    cdc: bool = False,
) -> dict[str, Any]:
    return {
        "source_type": source,
        "sink_type": sink,
        "requested_mode": mode,
        "unique_key": ["id"] if key else [],
        "estimated_rows": rows,
        "changed_percent": changed,
        "delete_percent": None,
        "partition_column": "day" if partition else None,
        "cdc_available": cdc,
        "source_cursor": "updated_at" if cursor else None,
    }
