"""When the watermark moves on ClickHouse, in both profiles: only over rows that were read."""

from __future__ import annotations

import pytest

from dpone_compiler.ir.interval import Interval
from dpone_compiler.plan import actions as do
from dpone_compiler.sql.clickhouse_types import parse_type
from tests.engines.clickhouse_bench import RUN
from tests.engines.test_clickhouse_backend import JAN, Make, make, profile, stage

__all__ = ["make", "profile"]  # fixtures of the bench


@pytest.mark.parametrize(
    ("low", "high", "after"),
    [
        ("2026-02-01", "2026-03-01", "2026-03-01"),  # goes on where it stood
        ("2026-01-01", "2026-03-01", "2026-03-01"),  # looks back
        ("2026-01-01", "2026-01-15", "2026-02-01"),  # lies behind: never lowered
        ("2026-02-10", "2026-03-01", "2026-02-01"),  # leaves a gap: never jumped over
    ],
)
def test_the_watermark_moves_only_over_rows_that_were_read(make: Make, low: str, high: str, after: str) -> None:
    bench = make()
    commit = do.CommitState(interval=Interval(column="d", type=parse_type("Date")))
    for run, window in ((RUN, ("-infinity", "2026-02-01")), (RUN[:-1] + "9", (low, high))):
        bench.params |= {"run_id": run, "window_low": window[0], "window_high": window[1]}
        bench.do(do.AcquireLease())
        stage(bench, JAN)
        bench.do(commit)
        bench.do(do.ReleaseLease())
    assert bench.do(do.ReadState())["watermark"] == after
