"""Where the cheapest way of a load changes with the share of changed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from dpone_compiler.cost.compare import Way, all_ways, way_name, ways
from dpone_compiler.cost.constants import Constants
from dpone_compiler.cost.estimate import Rates
from dpone_compiler.cost.workload import Workload, touched_share, workload_of
from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Facts

_SHARES = tuple(share / 1000 for share in (1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 650, 800, 1000))
_CLOSE = 0.001


@value(kw_only=True)
class Turn:
    """From this share of changed rows on another way is the cheapest."""

    changed: float
    below: str
    above: str


def turns(load: Load, facts: Facts, sink: Backend, constants: Constants) -> tuple[Turn, ...]:
    """Every turn; none where nothing is known, and none of a backfill, which reads its range whatever has changed."""
    workload, rates = workload_of(load, facts), constants.by_sink.get(sink.name)
    if workload is None or rates is None or load.write.slices is not None:
        return ()
    return tuple(_turns(workload, rates, sink.name, dict(ways(load, facts, sink))))


def _turns(workload: Workload, rates: Rates, sink: str, needs: Mapping[Way, str]) -> Iterator[Turn]:
    def best(share: float) -> str:
        shaped = replace(workload, changed=share, touched=touched_share(share, workload.partitions))
        found = [each for each in all_ways(shaped, rates, sink, needs) if not each.needs and each.seconds is not None]
        return way_name(found[0]) if found else ""

    for low, high in pairwise(_SHARES):
        if best(low) != best(high):
            yield Turn(changed=_where(best, low, high), below=best(low), above=best(high))


def _where(best: Callable[[float], str], low: float, high: float) -> float:
    first = best(low)
    while high - low > _CLOSE:
        middle = (low + high) / 2
        low, high = (middle, high) if best(middle) == first else (low, middle)
    return round(high, 3)
