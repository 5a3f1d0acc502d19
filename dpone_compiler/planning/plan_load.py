"""A decided load becomes a plan: the strategy says the steps, and the proof of invariants 7 and 13 lets them pass."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.realised import unrealised
from dpone_compiler.plan.settling import settled
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.verify import verify_plan
from dpone_compiler.spi.strategy import Setting, Strategy


class UnprovedPlan(RuntimeError):
    """A strategy gave a plan that breaks an invariant: our bug. The message names each fault."""

    def __init__(self, load: str, faults: tuple[str, ...]) -> None:
        super().__init__(f"the plan of {load!r} is not proved: " + "; ".join(faults))
        self.faults = faults


def plan_load(load: Load, strategy: Strategy, setting: Setting) -> Plan:
    """The proved plan of a decided load. Raises UnprovedPlan."""
    plan = settled_on(setting, strategy.steps(load, setting))
    faults = (*verify_plan(plan), *unrealised(load, plan))
    if faults:
        raise UnprovedPlan(load.name, faults)
    return plan


def settled_on(setting: Setting, plan: Plan) -> Plan:
    """The plan, with the wait that the sink's server needs where partitions are replaced."""
    return settled(plan) if setting.sink.capabilities(setting.facts.target_engine).replaced_rows_return else plan
