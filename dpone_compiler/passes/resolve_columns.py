"""resolve-columns: which column goes where, with the types of both sides and what may be lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import ColumnSpec, Load, MovedColumn, ParsedSql
from dpone_compiler.ir.schema import Column
from dpone_compiler.passes.problems import (
    KeyNotLoaded,
    NoColumnsKnown,
    NotChecked,
    PartitionNotLoaded,
    TargetColumnNotFed,
    UnknownSourceColumn,
    UnknownTargetColumn,
)
from dpone_compiler.passes.problems.of_types import LossyColumn, LossyPolicyUnfit, TypeRefused
from dpone_compiler.source.value import value
from dpone_compiler.spi.columns import column_specs, origin_of, source_columns, wanted_column
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.technical import HASH_NAME


@value
class ResolveColumns:
    """Fills `decisions.columns`. Without a snapshot the columns come from the manifest, and a warning says so."""

    name: str = "resolve-columns"
    requires: tuple[str, ...] = ("expressions",)
    establishes: tuple[str, ...] = ("columns",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its columns resolved, or the same load with diagnostics."""
        if not isinstance(load.decisions.columns, Undecided):
            return PassResult(load=load)
        found: list[Diagnostic] = []

        def say(problem: Problem, path: str) -> None:
            found.append(Diagnostic(problem, load.origin.at(path), load.name))

        source = source_columns(load, context.facts, context.source)
        if source is None:
            say(NoColumnsKnown(str(load.read.endpoint.table)), "source.table")
            return PassResult(load=load, diagnostics=tuple(found))
        for side, facts, endpoint in (
            ("source", context.facts.source_table, load.read.endpoint),
            ("sink", context.facts.target_table, load.write.endpoint),
        ):
            if facts is None:
                say(NotChecked(side, str(endpoint.table)), f"{side}.table")
        moved: list[MovedColumn] = []
        for index, spec in enumerate(column_specs(load, context.facts, source)):
            path = f"source.columns.{index}" if load.read.columns is not None else "source.table"
            column = _move(load, context, spec, source, partial(say, path=path))
            if column is not None:
                moved.append(column)
        _check_target(load, context, moved, say)
        names = [column.target.name for column in moved]
        for key in load.write.key:
            if key not in names:
                say(KeyNotLoaded(key, did_you_mean(key, names)), "sink.strategy.unique_key")
        partition = load.write.partition
        if partition is not None and partition.column not in names:
            say(
                PartitionNotLoaded(partition.column, did_you_mean(partition.column, names)),
                "sink.strategy.partition.column",
            )
        decisions = replace(load.decisions, columns=tuple(moved))
        return PassResult(load=replace(load, decisions=decisions), diagnostics=tuple(found))


def _move(
    load: Load, context: PassContext, spec: ColumnSpec, source: tuple[Column, ...], say: Callable[[Problem], None]
) -> MovedColumn | None:
    origin = origin_of(spec, source, context.source)
    if origin is None:
        near = did_you_mean(spec.name, [c.name for c in source])
        say(UnknownSourceColumn(str(load.read.endpoint.table), spec.name, near))
        return None
    target = _target(context, spec.target, wanted_column(spec, origin))
    if target is None:
        say(_unknown_target(load, context, spec.target))
        return None
    # Another value of a key is another row, so the load's own policy does not reach it.
    policy = spec.lossy or ("fail" if spec.target in load.write.key else load.write.policies.lossy)
    carry = context.sink.carry(origin, target, context.source.name, context.facts.target_engine)
    if carry.refused:
        say(TypeRefused(spec.target, carry.refused))
    elif carry.loss:
        say(LossyColumn(spec.target, carry.loss, policy))
    if unfit := _unfit(load, spec, target):
        say(LossyPolicyUnfit(spec.target, spec.lossy, unfit))
    sql = spec.sql if isinstance(spec.sql, ParsedSql) else None
    named = replace(origin, name=spec.name if spec.sql is None else spec.target)
    return MovedColumn(
        source=named,
        target=target,
        sql=sql,
        cast=spec.cast,
        losses=carry.losses,
        lossy=policy,
        changes=carry.changes,
    )


def _unfit(load: Load, spec: ColumnSpec, target: Column) -> str:
    """Why the column cannot have its policy, or ''."""
    read, write = load.read, load.write
    if spec.lossy in ("", "fail"):
        return ""
    if spec.target in write.key:
        return "it is in the key, where another value is another row"
    decides = (write.partition.column if write.partition else "", read.cursor.column if read.cursor else "")
    if spec.lossy != "clamp" and (spec.target == decides[0] or spec.name == decides[1]):
        return "it is the cursor or the partition column, which has an order"
    if spec.lossy == "null" and not target.nullable:
        return f"{target.native} holds no NULL"
    if spec.lossy == "text" and target.type.kind is not Kind.TEXT:
        return f"{target.native} is no type of text"
    return ""


def _target(context: PassContext, name: str, origin: Column) -> Column | None:
    facts = context.facts.target_table
    if facts is not None:
        return facts.structure.column(name)
    if context.sink.name == context.source.name:
        return Column(name=name, type=origin.type, native=origin.native, nullable=origin.nullable)
    native = context.sink.propose_type(_nullable(origin))
    return Column(name=name, type=context.sink.parse_type(native), native=native, nullable=origin.nullable)


def _nullable(column: Column) -> DataType:
    return column.type if column.type.kind is not Kind.OTHER else DataType(kind=Kind.TEXT)


def _unknown_target(load: Load, context: PassContext, name: str) -> UnknownTargetColumn:
    facts = context.facts.target_table
    known = [column.name for column in facts.structure.columns] if facts is not None else []
    return UnknownTargetColumn(str(load.write.endpoint.table), name, did_you_mean(name, known))


def _check_target(
    load: Load, context: PassContext, moved: list[MovedColumn], say: Callable[[Problem, str], None]
) -> None:
    facts = context.facts.target_table
    if facts is None:
        return
    fed = {column.target.name for column in moved} | _technical(load)
    for column in facts.structure.columns:
        if not column.nullable and column.name not in fed and not column.generated and not column.identity:
            say(TargetColumnNotFed(column.name), "sink.table")


def _technical(load: Load) -> set[str]:
    """Columns that the strategy writes itself; `check-technical` looks at them."""
    write = load.write
    if write.mode == "scd2":
        history = write.history
        return {history.valid_from, history.valid_to, history.current, history.row_hash or HASH_NAME}
    return {write.snapshot.mark} if write.mode == "snapshot_diff" and write.snapshot.missing == "soft_delete" else set()
