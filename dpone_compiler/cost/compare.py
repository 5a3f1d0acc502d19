"""All ways of doing a load beside each other: those that it can go, those that it could, and what the model does not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dpone_compiler.cost.constants import Constants
from dpone_compiler.cost.estimate import Rates, estimate, repeated
from dpone_compiler.cost.volumes import works
from dpone_compiler.cost.work import STRATEGIES
from dpone_compiler.cost.workload import Workload, slice_of, workload_of
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import OPEN_MODES, Load
from dpone_compiler.spi.backend import Backend, Facts
from dpone_compiler.spi.cost import Costing, CostModel, Estimate, Unestimated

Way = tuple[str, str]
_ROWS = Unestimated(
    "cost_rows_unknown",
    "nobody says how many rows there are: give source.options.estimated_rows, or `dponec introspect` the source",
)

_SCOPE = Unestimated(
    "cost_not_estimated",
    "replace: nobody says how many rows lie in its scope: give source.options.changed_percent, their share, or past runs",
)


def cost_model(constants: Constants) -> CostModel:
    """The model with these constants."""

    def costing(load: Load, facts: Facts, sink: Backend) -> Costing:
        workload = workload_of(load, facts)
        if workload is None:
            return Costing(known=False, silent=(_ROWS,))
        slices = load.write.slices
        if load.write.strategy == "replace" and slices is None and load.hints.changed is None:
            return Costing(known=False, silent=(_SCOPE,))
        shaped = workload if slices is None else slice_of(workload, slices.count)
        found = all_ways(shaped, constants.by_sink.get(sink.name), sink.name, dict(ways(load, facts, sink)))
        if slices is not None:
            found = tuple(repeated(each, slices.count) for each in found)
        return Costing(
            known=bool(found),
            estimates=found,
            assumed=shaped.assumed,
            silent=tuple(_silent(load, sink, found)),
            constants=constants.origin(sink.name) if any(each.seconds is not None for each in found) else "",
        )

    return costing


def ways(load: Load, facts: Facts, sink: Backend) -> Iterator[tuple[Way, str]]:
    """Each way that the sink has, and what the load lacks for it ('' nothing)."""
    capabilities = sink.capabilities(facts.target_engine)
    asked, chosen = load.write.strategy, load.decisions.strategy
    # A strategy that was asked for and means something else has no alternatives but its own policies.
    compared = STRATEGIES if asked in (*OPEN_MODES, *STRATEGIES) and load.write.slices is None else (asked,)
    compared = compared if isinstance(chosen, Undecided) else (*compared, chosen.value)
    for strategy, policy in works(sink.name):
        offered = capabilities.merge_policies.get(strategy, ())
        if strategy not in compared or capabilities.strategies.get(strategy, "no"):
            continue
        if policy not in offered if policy else bool(offered):
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


def all_ways(workload: Workload, rates: Rates | None, sink: str, needs: Mapping[Way, str]) -> tuple[Estimate, ...]:
    """Cheapest first, those that the load can go before those that it could, and those without a time after the others."""
    known = works(sink)
    made = (replace(estimate(workload, rates, way, known[way]), needs=lacks) for way, lacks in needs.items())
    return tuple(sorted(made, key=_order))


def _order(each: Estimate) -> tuple[bool, bool, float, str, str]:
    untimed = each.seconds is None
    return bool(each.needs), untimed, each.moved if each.seconds is None else each.seconds, each.strategy, each.policy


def _silent(load: Load, sink: Backend, found: tuple[Estimate, ...]) -> Iterator[Unestimated]:
    if not found:
        why = f"the model does not know it on {sink.name}"
        yield Unestimated("cost_not_estimated", f"{load.write.strategy}: {why}")
    untimed = [way_name(each) for each in found if each.seconds is None and not each.needs]
    if untimed:
        yield Unestimated(
            "cost_time_not_measured",
            f"on {sink.name} nobody has measured {', '.join(untimed)}: volumes are told and no time",
        )


def way_name(way: Estimate) -> str:
    """`incremental_merge by upsert`."""
    return f"{way.strategy} by {way.policy}" if way.policy else way.strategy
