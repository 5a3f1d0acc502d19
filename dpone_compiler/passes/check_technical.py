"""check-technical: columns that the strategy writes itself are in the target, fit, and are fed by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import Column
from dpone_compiler.passes.problems import TechnicalColumnFed, TechnicalColumnMissing, TechnicalColumnUnfit
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.technical import Technical, dating_column, technical_columns


@value
class CheckTechnical:
    """Reports; changes nothing."""

    name: str = "check-technical"
    requires: tuple[str, ...] = ("columns", "strategy")
    establishes: tuple[str, ...] = ("technical",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The same load, with what is wrong with its technical columns."""
        found = technical_columns(load, decided(load.decisions.strategy), context.facts, context.sink)
        span = load.origin.at("sink.strategy.mode")
        problems = (problem for each in found for problem in _problems(load, each))
        return PassResult(load=load, diagnostics=tuple(Diagnostic(each, span, load.name) for each in problems))


def _misdates(column: Column, dated: DataType) -> str:
    """Why times of that type would become others in the column; '' when they stay."""
    if column.type.kind is not Kind.TIMESTAMP or dated.kind is not Kind.TIMESTAMP:
        return ""
    if column.type.tz and not dated.tz:
        return f"it is {column.native}, an instant, and the cursor is a wall clock, which would be taken for UTC"
    fine = [6 if type_.precision is None else type_.precision for type_ in (column.type, dated)]
    if fine[0] < fine[1] or column.type.native not in {"", dated.native}:
        return (
            f"it is {column.native}, which holds {dated.label()} of the cursor rounded: times that differ would be one"
        )
    return ""


def _problems(load: Load, each: Technical) -> Iterator[Problem]:
    column, table = each.column, str(load.write.endpoint.table)
    moved = load.decisions.columns
    fed = {m.target.name for m in moved} if isinstance(moved, tuple) else set()
    if column.name in fed and not (each.role == "valid_from" and column.name == dating_column(load)):
        yield TechnicalColumnFed(column.name, each.role)
    if not each.there:
        native = column.native if not column.nullable else f"{column.native} NULL"
        yield TechnicalColumnMissing(table, column.name, each.role, native)
    elif column.type.kind not in each.wanted:
        wanted = " or ".join(kind.value for kind in each.wanted)
        yield TechnicalColumnUnfit(column.name, each.role, f"it is {column.native}, and {wanted} is needed")
    elif each.dated is not None and (why := _misdates(column, each.dated)):
        yield TechnicalColumnUnfit(column.name, each.role, why)
    elif each.nullable and not column.nullable:
        yield TechnicalColumnUnfit(column.name, each.role, "it cannot be NULL, which is how it says: not yet")
    elif column.generated or column.identity:
        yield TechnicalColumnUnfit(column.name, each.role, "it computes itself")
