"""Workloads of different shape for the cost model; `HELD_OUT` takes no part in the fit of its constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Strategy and merge policy.
Way = tuple[str, str]
# What is measured of each sink, and so what the model has to put in order.
ALTERNATIVES: Mapping[str, tuple[Way, ...]] = {
    "postgres": (
        ("full_refresh", "delete_insert"),
        ("full_refresh", "truncate_insert"),
        ("incremental_merge", "upsert"),
        ("incremental_merge", "delete_insert"),
        ("incremental_merge", "update_insert"),
        ("partition_replace", "delete_insert"),
        ("incremental_merge", "shadow_swap"),
    ),
    "clickhouse": (
        ("full_refresh", ""),
        ("incremental_merge", "partition_rewrite"),
        ("incremental_merge", "lightweight_delete_insert"),
        ("partition_replace", ""),
        ("incremental_merge", "shadow_swap"),
        ("incremental_merge", "replacing_merge_tree"),
    ),
}
# Ways that mean something else: measured beside the others in the workloads that are not held out, and put in no order.
OTHERS: Mapping[str, tuple[Way, ...]] = {
    "postgres": (
        ("snapshot_diff", ""),
        ("scd2", ""),
        ("cdc_apply", "update_insert"),
        ("cdc_apply", "delete_insert"),
    ),
    "clickhouse": (
        ("snapshot_diff", ""),
        ("scd2", ""),
        ("cdc_apply", "partition_rewrite"),
        ("cdc_apply", "lightweight_delete_insert"),
    ),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """`width`: bytes of the text column. `changed`: share of the rows between two loads. `partitions`: months that the rows lie in.

    `spread`: the changes lie in all months; otherwise in the newest ones alone.
    """

    name: str
    sink: str
    rows: int
    width: int
    changed: float
    partitions: int
    spread: bool = False


SEEN = (
    Workload("pg_small_trickle", "postgres", 100_000, 40, 0.01, 24),
    Workload("pg_narrow_tenth", "postgres", 250_000, 20, 0.10, 12),
    Workload("pg_wide_fifth", "postgres", 120_000, 600, 0.20, 12),
    Workload("pg_half", "postgres", 150_000, 60, 0.50, 6),
    Workload("pg_spread_twentieth", "postgres", 200_000, 60, 0.05, 24, spread=True),
    Workload("ch_small_trickle", "clickhouse", 100_000, 40, 0.01, 24),
    Workload("ch_narrow_tenth", "clickhouse", 300_000, 20, 0.10, 12),
    Workload("ch_wide_fifth", "clickhouse", 120_000, 600, 0.20, 12),
    Workload("ch_most", "clickhouse", 200_000, 60, 0.80, 6),
    Workload("ch_spread_twentieth", "clickhouse", 200_000, 60, 0.05, 24, spread=True),
)
# Committed before anybody had measured them, and when the constants were as they are but for those of the newest ways.
BLIND = (
    Workload("pg_wide_trickle", "postgres", 80_000, 400, 0.02, 12),
    Workload("pg_narrow_third", "postgres", 180_000, 30, 0.33, 36),
    Workload("ch_wide_trickle", "clickhouse", 80_000, 400, 0.02, 12),
    Workload("ch_narrow_third", "clickhouse", 250_000, 30, 0.33, 18),
)
WORKLOADS = (*SEEN, *BLIND)
HELD_OUT = (
    *("pg_wide_fifth", "pg_half", "ch_narrow_tenth", "ch_most", "ch_spread_twentieth"),
    *(each.name for each in BLIND),
)
