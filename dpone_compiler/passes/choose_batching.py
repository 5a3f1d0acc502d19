"""choose-batching: batch sizes and workers by the v1 table, from the estimated rows and the partition column."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.ir.decision import Chosen, Undecided
from dpone_compiler.ir.load import Batching, Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult

LARGE, HUGE = 1_000_000, 10_000_000
MIN_BATCH, MAX_BATCH = 5_000, 250_000
_ALWAYS_BATCHED = ("mssql", "clickhouse", "kafka")


@value
class ChooseBatching:
    """Fills `decisions.batching`."""

    name: str = "choose-batching"
    requires: tuple[str, ...] = ("strategy",)
    establishes: tuple[str, ...] = ("batching",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its batching."""
        if not isinstance(load.decisions.batching, Undecided):
            return PassResult(load=load)
        table = context.facts.source_table
        rows = load.hints.rows if load.hints.rows is not None else table.statistics.rows if table is not None else None
        partitioned = load.write.partition is not None
        size, workers, reason = _by_rows(rows, partitioned)
        if load.hints.batch_size is not None:
            size, reason = min(max(load.hints.batch_size, 1), MAX_BATCH), "the manifest gives the batch size"
        batching = Batching(
            enabled=(rows or 0) >= LARGE or load.write.endpoint.engine in _ALWAYS_BATCHED,
            initial_batch_size=size,
            min_batch_size=min(MIN_BATCH, size),
            max_batch_size=MAX_BATCH,
            parallel_workers=workers,
        )
        facts = (("rows", "unknown" if rows is None else str(rows)), ("partitioned", "yes" if partitioned else "no"))
        chosen = Chosen(value=batching, by=self.name, rule="batching_v1", reason=reason, facts=facts)
        return PassResult(load=replace(load, decisions=replace(load.decisions, batching=chosen)))


def _by_rows(rows: int | None, partitioned: bool) -> tuple[int, int, str]:
    if rows is None:
        return 10_000, 1, "the number of rows is not known"
    if rows >= HUGE:
        return 100_000, 4 if partitioned else 2, "at least ten million rows"
    if rows >= LARGE:
        return 50_000, 2 if partitioned else 1, "at least a million rows"
    return 10_000, 1, "fewer than a million rows"
