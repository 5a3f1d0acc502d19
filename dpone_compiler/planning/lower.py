"""Lowering: each step is given to the backend of its side; a Transfer is put together from both."""

from __future__ import annotations

from dpone_compiler.plan.actions import CheckTable, FingerprintSource, FreezeWindow, Transfer
from dpone_compiler.plan.feed_actions import AdvanceSlot, CreateSlot, ExportSnapshot, ReadChanges
from dpone_compiler.plan.lease_actions import RenewLease, TakeLease
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Plan, Step
from dpone_compiler.plan.value_actions import CheckValues
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Context, Lowered, Unsupported


class NotLowered(RuntimeError):
    """A backend does not do an action for this table; `step` is what it was asked for, `why` is the backend's sentence."""

    def __init__(self, backend: str, step: Step, why: str) -> None:
        super().__init__(f"{backend} does not do step {step.id!r}: {why}")
        self.backend, self.step, self.why = backend, step, why


@value
class LoweredStep:
    """A step, the side that executes it, and how."""

    step: Step
    side: str
    lowered: Lowered


def lower_plan(context: Context, plan: Plan) -> tuple[LoweredStep, ...]:
    """Every step of the plan in its engine's text. Raises NotLowered."""
    return tuple(_lower(context, step) for step in plan.steps)


def _lower(context: Context, step: Step) -> LoweredStep:
    match step.action:
        case Transfer():
            extract = _must(context.source.name, step, context.source.lower_source(context, step))
            load = _must(context.sink.name, step, context.sink.lower_sink(context, step))
            merged = Lowered(
                op="transfer",
                bodies={**load.bodies, **extract.bodies},
                params=tuple(dict.fromkeys((*extract.params, *load.params))),
                locks=(*extract.locks, *load.locks),
                visibility=load.visibility,
                settings=load.settings,
            )
            return LoweredStep(step, "target", merged)
        case (
            FreezeWindow()
            | FreezeInstant()
            | FingerprintSource()
            | CheckValues()
            | CheckTable(side="source")
            | CreateSlot()
            | ExportSnapshot()
            | ReadChanges()
            | AdvanceSlot()
        ):
            return LoweredStep(
                step, "source", _must(context.source.name, step, context.source.lower_source(context, step))
            )
        case TakeLease() | RenewLease():
            lock = context.lock if context.lock is not None else context.sink
            return LoweredStep(step, "lock", _must(lock.name, step, _leased(context, lock, step)))
        case _:
            return LoweredStep(step, "target", _must(context.sink.name, step, context.sink.lower_sink(context, step)))


def _leased(context: Context, lock: Backend, step: Step) -> Lowered | Unsupported:
    if context.sink.capabilities(context.facts.target_engine).transactional:
        return Unsupported("the target keeps the lease itself, in the transaction of its data; remove lock_connection")
    return lock.lower_lease(context, step)


def _must(backend: str, step: Step, result: Lowered | Unsupported) -> Lowered:
    if isinstance(result, Unsupported):
        raise NotLowered(backend, step, result.why)
    return result
