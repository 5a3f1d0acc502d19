"""choose-finalizer: how staging gets into the target, as the strategy says it for these facts."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.ir.decision import Chosen, Undecided, decided
from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.strategy import Setting


@value
class ChooseFinalizer:
    """Fills `decisions.finalizer`."""

    name: str = "choose-finalizer"
    requires: tuple[str, ...] = ("strategy", "merge_policy")
    establishes: tuple[str, ...] = ("finalizer",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its finalizer."""
        if not isinstance(load.decisions.finalizer, Undecided):
            return PassResult(load=load)
        strategy = context.strategies[decided(load.decisions.strategy)]
        value, reason = strategy.finalizer(load, Setting(facts=context.facts, source=context.source, sink=context.sink))
        chosen = Chosen(value=value, by=self.name, rule=strategy.name, reason=reason)
        return PassResult(load=replace(load, decisions=replace(load.decisions, finalizer=chosen)))
