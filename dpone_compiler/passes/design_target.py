"""design-target: a target that is not there yet is made as its engine designed it, or the load is refused."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import OPEN_MODES, Load
from dpone_compiler.passes.problems.of_targets import TargetNotMade
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult

# These keep several rows of one key, for which a table with a unique key has no room.
_MANY_ROWS_A_KEY = ("incremental_append", "replace", "scd2")


@value
class DesignTarget:
    """Fills `decisions.new_target`."""

    name: str = "design-target"
    requires: tuple[str, ...] = ("columns", "strategy")
    establishes: tuple[str, ...] = ("target",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its new target; the same load where the target is known or none was asked for."""
        new = context.facts.new_target
        if new is None or load.decisions.new_target is not None:
            return PassResult(load=load)
        if why := new.refused or _two_minds(load):
            problem = TargetNotMade(str(load.write.endpoint.table), why)
            span = load.origin.at("sink.create_target")
            return PassResult(load=load, diagnostics=(Diagnostic(problem, span, load.name),))
        return PassResult(load=replace(load, decisions=replace(load.decisions, new_target=new)))


def _two_minds(load: Load) -> str:
    """Why an open mode, for which the table was designed, does not fit the strategy that was chosen; '' when it does."""
    strategy = decided(load.decisions.strategy)
    if load.write.mode not in OPEN_MODES or not load.write.key or strategy not in _MANY_ROWS_A_KEY:
        return ""
    return f"mode {load.write.mode} became {strategy}, which keeps several rows of one key; say mode: {strategy}"
