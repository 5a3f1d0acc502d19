"""The certification matrix: source x sink x strategy x merge policy, from what the backends of this installation say."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler import registry
from dpone_compiler.ir.load import STRATEGIES
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend

CONTRACT, LIVE, NONE = "contract_gate", "manual_live_gate", "not_supported"
# Engines that the tests start from wheels and packages; evidence for the others comes from a live run.
_ENGINES_HERE = ("postgres", "clickhouse")


@value(kw_only=True)
class Cell:
    """One combination. `policy`: '' where the strategy has none. `why`: of `not_supported`, else ''."""

    source: str
    sink: str
    strategy: str
    policy: str
    status: str
    why: str = ""

    @property
    def key(self) -> str:
        """As tests record it: postgres->clickhouse:incremental_merge:partition_rewrite."""
        return f"{self.source}->{self.sink}:{self.strategy}:{self.policy}"


def matrix() -> tuple[Cell, ...]:
    """Every cell, none left out, sorted by key."""
    names = registry.backend_names()
    cells = (cell for source in names for sink in names for cell in _route(source, sink))
    return tuple(sorted(cells, key=lambda cell: cell.key))


def _route(source: str, sink: str) -> Iterator[Cell]:
    reads, writes = registry.backend(source), registry.backend(sink)
    for strategy in STRATEGIES:
        policies = writes.capabilities(None).merge_policies.get(strategy, ()) or ("",)
        for policy in policies:
            why = _why_not(reads, writes, strategy)
            status = NONE if why else CONTRACT if {source, sink} <= set(_ENGINES_HERE) else LIVE
            yield Cell(source=source, sink=sink, strategy=strategy, policy=policy, status=status, why=why)


def _why_not(reads: Backend, writes: Backend, strategy: str) -> str:
    capabilities = writes.capabilities(None)
    unread = reads.declared or reads.capabilities(None).not_read
    if unread or writes.declared:
        return unread or writes.declared
    lacks = capabilities.strategies.get(strategy, f"{writes.name} does not know {strategy}")
    if lacks:
        return lacks
    if strategy not in (*registry.strategies(), "backfill"):  # which has no steps but those of its inner mode
        return "this compiler has no such strategy yet"
    if strategy == "cdc_apply" and not reads.capabilities(None).cdc_source:
        return f"{reads.name} gives no captured changes"
    return ""
