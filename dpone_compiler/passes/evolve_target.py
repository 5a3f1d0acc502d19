"""evolve-target: columns that the target lacks are added where the rows that are there keep their meaning, or the load is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Gate, Load, MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.passes.problems.of_targets import ColumnsNotAdded, TargetColumnLeft
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.technical import technical_columns

# What rows that are there hold in an added column until they are loaded again; a full refresh leaves none of them.
_OLD_ROWS = {
    "incremental_append": "rows that are there hold NULL in {names} for ever: an append never loads a row again",
    "snapshot_diff": "rows that are there hold NULL in {names} until this first run, which updates every row that has a value there",
    "scd2": "versions that are there hold NULL in {names}, and the first run ends the open version of every row that has a value there",
    "partition_replace": "rows that are there hold NULL in {names} until their partition is replaced",
    "replace": "rows that are there hold NULL in {names} until their scope is replaced",
}
_UNTIL_CHANGED = (
    "rows that are there hold NULL in {names} until they change and are loaded again; "
    "a backfill or a full refresh fills them"
)


@value
class EvolveTarget:
    """Fills `decisions.added`, and warns of what old rows hold."""

    name: str = "evolve-target"
    requires: tuple[str, ...] = ("columns", "strategy")
    establishes: tuple[str, ...] = ("evolution",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with the columns that are added; the same load where none are, or with the reason against it."""
        asked = context.facts.added
        if asked is None or load.decisions.added:
            return PassResult(load=load)
        left = tuple(_left(load, context))
        names = tuple(column.name for column in asked.columns)
        span = load.origin.at("sink.schema_evolution")

        def told(*problems: Problem) -> tuple[Diagnostic, ...]:
            return tuple(Diagnostic(problem, span, load.name) for problem in problems)

        if why := asked.refused or _meant(load, names) or _renamed(names, left):
            return PassResult(
                load=load, diagnostics=told(ColumnsNotAdded(str(load.write.endpoint.table), _listed(names), why))
            )
        warned = told(*(TargetColumnLeft(str(load.write.endpoint.table), column.name) for column in left))
        if not names:
            return PassResult(load=load, diagnostics=warned)
        decisions = replace(
            load.decisions, added=asked.columns, warnings=(*load.decisions.warnings, *_warnings(load, names))
        )
        return PassResult(load=replace(load, decisions=decisions), diagnostics=warned)


def _meant(load: Load, names: tuple[str, ...]) -> str:
    """Why rows that are there would mean something else with NULL in one of the columns; '' when they do not."""
    read, write = load.read, load.write
    known_by = (
        (write.key, "it is in the key, and rows that are there would have none"),
        (
            (write.partition.column,) if write.partition is not None else (),
            "rows are replaced by it in partitions, and those that are there would lie in none",
        ),
        (
            _targets(load, read.scope.column if read.scope else ""),
            "rows that are there would lie outside of every scope",
        ),
        (
            _targets(load, write.backfill.chunk.column if write.backfill else ""),
            "rows that are there would lie outside of every slice",
        ),
        ((write.version_column,), "it says which version of a row is the newest, and rows that are there could not"),
        (
            _targets(load, read.cursor.column if read.cursor else ""),
            "it is the cursor, and rows that are there would lie in no window",
        ),
    )
    return next((f"{name!r}: {why}" for named, why in known_by for name in named if name in names), "")


def _targets(load: Load, name: str) -> tuple[str, ...]:
    """Where a source column goes."""
    return tuple(m.target.name for m in _moved(load) if m.sql is None and m.source.name == name)


def _renamed(names: tuple[str, ...], left: tuple[Column, ...]) -> str:
    if not names or not left:
        return ""
    return (
        f"the target also has {_listed(tuple(c.name for c in left))}, which no column of the source fills any more: a renamed "
        "column looks the same as one that went and one that came, and its values would stay behind"
    )


def _left(load: Load, context: PassContext) -> Iterator[Column]:
    """Columns of the target that nothing fills although every column of the source is loaded."""
    table = context.facts.target_table
    if table is None or load.read.columns is not None:
        return
    own = technical_columns(load, decided(load.decisions.strategy), context.facts, context.sink)
    filled = {m.target.name for m in _moved(load)} | {each.column.name for each in own}
    filled |= {load.read.feed.deleted_column} if load.read.feed is not None else set()
    filled |= {table.structure.deleted_column}
    for column in table.structure.columns:
        if column.name not in filled and not column.generated and not column.identity:
            yield column


def _moved(load: Load) -> tuple[MovedColumn, ...]:
    return load.decisions.columns if isinstance(load.decisions.columns, tuple) else ()


def _warnings(load: Load, names: tuple[str, ...]) -> Iterator[Gate]:
    strategy = decided(load.decisions.strategy)
    inner = load.write.strategy if strategy == "backfill" else strategy
    if inner != "full_refresh":
        message = _OLD_ROWS.get(inner, _UNTIL_CHANGED).format(names=_listed(names))
        yield Gate(code="old_rows_hold_null", severity="warning", message=message)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
