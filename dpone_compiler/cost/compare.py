"""All ways of doing a load beside each other: those that it can go, those that it could, and where the cheapest one changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from dpone_compiler.cost.estimate import Rates, estimate
from dpone_compiler.cost.work import STRATEGIES, WORK
from dpone_compiler.cost.workload import Workload, touched_share, workload_of
from dpone_compiler.ir.load import OPEN_MODES, Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Facts
from dpone_compiler.spi.cost import NOTHING, Costing, CostModel, Estimate

_SHARES = tuple(share / 1000 for share in (1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 650, 800, 1000))
_CLOSE = 0.001


@value(kw_only=True)
class Turn:
    """From this share of changed rows on another way is the cheapest."""

    changed: float
    below: str
    above: str


def cost_model(constants: Mapping[str, Rates]) -> CostModel:
    """The model with these constants by sink."""

    def costing(load: Load, facts: Facts, sink: Backend) -> Costing:
        workload = workload_of(load, facts)
        if workload is None or load.write.mode not in (*OPEN_MODES, *STRATEGIES):
            return NOTHING
        rates = constants.get(sink.name)
        needs = dict(_ways(load, facts, sink))
        found = tuple(_all(workload, rates, sink.name, needs))
        return Costing(known=True, estimates=found, assumed=workload.assumed)

    return costing


def _ways(load: Load, facts: Facts, sink: Backend) -> Iterator[tuple[tuple[str, str], str]]:
    """Each way that the sink has, and what the load lacks for it ('' nothing)."""
    capabilities = sink.capabilities(facts.target_engine)
    for strategy, policy in WORK.get(sink.name, {}):
        offered = capabilities.merge_policies.get(strategy, ())
        if capabilities.strategies.get(strategy, "no") or (policy not in offered if policy else bool(offered)):
            continue
        lacks = _lacks(load, strategy)
        if not lacks and policy:
            lacks = sink.judge_policy(load, facts, strategy, policy).refused
        yield (strategy, policy), lacks


def _lacks(load: Load, strategy: str) -> str:
    match strategy:
        case "incremental_merge":
            return "" if load.write.key else "it needs a unique key"
        case "incremental_append" if load.write.key:
            return "a changed row would be there twice"
        case "incremental_append":
            return "" if load.read.cursor else "it needs a cursor"
        case "partition_replace":
            return "" if load.write.partition else "it needs a partition column"
        case _:
            return ""


def _all(
    workload: Workload, rates: Rates | None, sink: str, needs: Mapping[tuple[str, str], str]
) -> Iterator[Estimate]:
    """Cheapest first, those that the load can go before those that it could."""
    made = [replace(estimate(workload, rates, way, WORK[sink][way]), needs=lacks) for way, lacks in needs.items()]
    yield from sorted(made, key=_order)


def _order(each: Estimate) -> tuple[bool, float, str, str]:
    return bool(each.needs), each.moved if each.seconds is None else each.seconds, each.strategy, each.policy


def turns(load: Load, facts: Facts, sink: Backend, constants: Mapping[str, Rates]) -> tuple[Turn, ...]:
    """Where the cheapest way changes with the share of changed rows; none where nothing is known."""
    workload, rates = workload_of(load, facts), constants.get(sink.name)
    if workload is None or rates is None:
        return ()
    return tuple(_turns(workload, rates, sink.name, dict(_ways(load, facts, sink))))


def _turns(workload: Workload, rates: Rates, sink: str, needs: Mapping[tuple[str, str], str]) -> Iterator[Turn]:
    def best(share: float) -> str:
        shaped = replace(workload, changed=share, touched=touched_share(share, workload.partitions))
        found = [each for each in _all(shaped, rates, sink, needs) if not each.needs]
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


def way_name(way: Estimate) -> str:
    """`incremental_merge by upsert`."""
    return f"{way.strategy} by {way.policy}" if way.policy else way.strategy
