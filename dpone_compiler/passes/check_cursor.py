"""check-cursor: a cursor that the strategy uses exists, has an order, cannot be NULL unnoticed, and has a horizon."""

from __future__ import annotations

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.expr.types import INTEGRAL_CURSOR, TEMPORAL_CURSOR, Kind
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import WHOLE_MODES, Load
from dpone_compiler.passes.problems import (
    AlwaysReadOnAppend,
    CursorNotComparable,
    LookbackOnAppend,
    NoHorizon,
    NullableCursor,
    UnknownSourceColumn,
    WallClockGoesBack,
)
from dpone_compiler.plan.changes import replicates
from dpone_compiler.source.value import value
from dpone_compiler.spi.columns import source_columns
from dpone_compiler.spi.compiler_pass import PassContext, PassResult


@value
class CheckCursor:
    """Reports; changes nothing."""

    name: str = "check-cursor"
    requires: tuple[str, ...] = ("columns", "strategy")
    establishes: tuple[str, ...] = ("cursor",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The same load, with what is wrong with its cursor."""
        cursor = load.read.cursor
        strategy = decided(load.decisions.strategy)
        whole = strategy in WHOLE_MODES
        if cursor is None or whole or load.write.slices or (strategy == "cdc_apply" and replicates(load)):
            return PassResult(load=load)
        found: list[Diagnostic] = []

        def say(problem: Problem, path: str = "source.cursor.column") -> None:
            found.append(Diagnostic(problem, load.origin.at(path), load.name))

        columns = source_columns(load, context.facts, context.source) or ()
        column = next((c for c in columns if c.name == cursor.column), None)
        if column is None:
            names = [c.name for c in columns]
            say(UnknownSourceColumn(str(load.read.endpoint.table), cursor.column, did_you_mean(cursor.column, names)))
            return PassResult(load=load, diagnostics=tuple(found))
        if column.type.kind not in INTEGRAL_CURSOR | TEMPORAL_CURSOR:
            say(CursorNotComparable(cursor.column, column.type.label()))
        if column.nullable and not cursor.nulls:
            say(NullableCursor(cursor.column))
        if cursor.lag is None and cursor.assigned_by != "database":
            say(NoHorizon(cursor.column), "source.cursor")
        zone, shift = _clock(context)
        wall = column.type.kind is Kind.TIMESTAMP and not column.type.tz
        if wall and shift > max(cursor.lag or 0, cursor.lookback or 0):
            say(WallClockGoesBack(cursor.column, zone, shift))
        if strategy == "incremental_append":
            if cursor.lookback:
                say(LookbackOnAppend(), "source.cursor")
            if cursor.nulls == "always_read":
                say(AlwaysReadOnAppend(), "source.cursor")
        return PassResult(load=load, diagnostics=tuple(found))


def _clock(context: PassContext) -> tuple[str, int]:
    """The source's time zone, and the seconds by which its clock is set back; 0 where no snapshot says it."""
    engine = context.facts.source_engine
    said = dict(engine.settings) if engine is not None else {}
    return said.get("TimeZone", ""), int(said.get("time_zone_shift") or 0)
