"""cut-slices: the range of a backfill becomes typed slices, and each of them the window of the inner strategy."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import Backfill, Cursor, DeclaredScope, Load
from dpone_compiler.ir.slices import Slices
from dpone_compiler.passes.problems import InnerModeRefused, SlicesUnfit, TooManySlices
from dpone_compiler.plan.slicing import typed_slices
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult

# The others need the whole source: a slice of it would look to them like the loss of all the rest.
INNER_MODES = ("incremental_append", "incremental_merge", "partition_replace", "replace")


@value
class CutSlices:
    """Fills `write.backfill.slices`. What is read is said by them alone, so they take the place of a declared cursor or scope."""

    name: str = "cut-slices"
    requires: tuple[str, ...] = ("columns",)
    establishes: tuple[str, ...] = ("slices",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its slices, or what is wrong with them."""
        backfill = load.write.backfill
        if load.write.mode != "backfill" or backfill is None or backfill.slices is not None:
            return PassResult(load=load)
        cut = _cut(load, backfill)
        if isinstance(cut, Problem):
            span = load.origin.at("sink.strategy.backfill")
            return PassResult(load=load, diagnostics=(Diagnostic(cut, span, load.name),))
        scope = cut.scope if backfill.inner_mode == "replace" else None
        read = replace(
            load.read,
            cursor=None if scope else Cursor(column=cut.column),
            scope=DeclaredScope(column=scope.column, kind=scope.kind, low=scope.low, high=scope.high)
            if scope
            else None,
        )
        return PassResult(
            load=replace(load, read=read, write=replace(load.write, backfill=replace(backfill, slices=cut)))
        )


def _cut(load: Load, backfill: Backfill) -> Slices | Problem:
    if backfill.inner_mode not in INNER_MODES:
        return InnerModeRefused(backfill.inner_mode, ", ".join(INNER_MODES))
    columns = load.decisions.columns
    slices = typed_slices(backfill.chunk, () if isinstance(columns, Undecided) else columns)
    if isinstance(slices, str):
        return SlicesUnfit(slices)
    if slices.count > backfill.max_chunks:
        return TooManySlices(slices.count, backfill.max_chunks)
    return slices
