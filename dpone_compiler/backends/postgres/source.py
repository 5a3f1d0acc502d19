"""Postgres as a source: the selection, its fingerprint and its extraction."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.canonical import digest_sum, digested
from dpone_compiler.backends.postgres.digest import MARK, quick, quick_sum
from dpone_compiler.backends.postgres.drift import check_table
from dpone_compiler.backends.postgres.feed_source import captures, feed_rows, of_changes
from dpone_compiler.backends.postgres.freeze import freeze_instant, freeze_window
from dpone_compiler.backends.postgres.json_rows import row_of
from dpone_compiler.backends.postgres.losses import offends
from dpone_compiler.backends.postgres.open_slot import create_slot
from dpone_compiler.backends.postgres.predicates import PREDICATES, in_scope
from dpone_compiler.backends.postgres.projection import (
    arriving_value,
    partition_value,
    source_value,
    wire_value,
)
from dpone_compiler.backends.postgres.script import beside_columns, do_block, literal, sql, word
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.backends.postgres.slot import (
    advance_slot,
    export_snapshot,
    freeze_by_slot,
    read_changes,
)
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import CheckTable, FingerprintSource, FreezeWindow, Selection, Transfer
from dpone_compiler.plan.changes import lsn_window, replicates
from dpone_compiler.plan.feed_actions import AdvanceSlot, CreateSlot, ExportSnapshot, ReadChanges
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Step
from dpone_compiler.plan.value_actions import CheckValues, counted
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import column, table, text
from dpone_compiler.sql.own_words import opaque
from dpone_compiler.sql.postgres_native import NativeTypeError
from dpone_compiler.sql.predicates import interval_predicate, partition_predicate
from dpone_compiler.sql.render import Sql, frame, join

# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
_READ_LOCK = "ACCESS SHARE on the source table until the end of its snapshot: only ACCESS EXCLUSIVE (DDL) waits for it"


def lower_source(ctx: Context, step: Step) -> Lowered | Unsupported:
    """How Postgres does a step on its side as a source, or why it does not."""
    action = step.action
    try:
        match action:
            case CheckTable(side="source"):
                return check_table(ctx, action)
            case FreezeWindow():
                return freeze_by_slot(ctx, action) if action.interval == lsn_window() else freeze_window(ctx, action)
            case FreezeInstant():
                return freeze_instant()
            case FingerprintSource():
                return _of_feed(ctx, _fingerprint(ctx, replace(action, selection=of_changes(ctx, action.selection))))
            case CheckValues():
                return _of_feed(ctx, check_values(ctx, replace(action, selection=of_changes(ctx, action.selection))))
            case Transfer():
                return _of_feed(ctx, _extract(ctx, replace(action, selection=of_changes(ctx, action.selection))))
            case CreateSlot():
                return create_slot(ctx, action)
            case ExportSnapshot():
                return export_snapshot(ctx, action)
            case ReadChanges():
                return read_changes(ctx, action)
            case AdvanceSlot():
                return advance_slot(ctx, action)
            case _:
                return Unsupported(f"{type(action).__name__} is not done on the source")
    except NativeTypeError as error:
        return Unsupported(str(error))


def _of_feed(ctx: Context, lowered: Lowered | Unsupported) -> Lowered | Unsupported:
    """What reads a slot's changes also asks whether this is the first run."""
    streams = any(isinstance(step.action, ReadChanges) for step in ctx.plan.steps)
    if isinstance(lowered, Unsupported) or not streams:
        return lowered
    return replace(lowered, params=("watermark", "window_low", "window_high"))


def _extract(ctx: Context, action: Transfer) -> Lowered | Unsupported:
    if action.wire not in _COPY_OUT:
        return Unsupported(f"Postgres does not send the wire format {action.wire!r}")
    values = _values(ctx, action)
    query = sql(select_from(ctx, action.selection, values))
    # COPY … (FORMAT text) is tab-separated: https://www.postgresql.org/docs/current/sql-copy.html
    return Lowered(
        op="transfer",
        bodies={"extract": frame(_COPY_OUT[action.wire], query=query).text},
        params=selection_params(action.selection),
        locks=(_READ_LOCK,),
    )


_COPY_OUT = {
    "binary": "COPY (\n<<query>>\n) TO STDOUT (FORMAT binary);\n",
    "text": "COPY (\n<<query>>\n) TO STDOUT (FORMAT text, ENCODING 'UTF8');\n",
    "tsv": "COPY (\n<<query>>\n) TO STDOUT (FORMAT text, ENCODING 'UTF8');\n",
    "json": "COPY (\n<<query>>\n) TO STDOUT (FORMAT text, ENCODING 'UTF8');\n",
}


def _values(ctx: Context, action: Transfer) -> list[exp.Expression]:
    columns = action.selection.columns
    if action.wire == "json":
        return [_as(row_of([wire_value(moved, ctx.sink.name) for moved in columns]), "line")]
    return [_named(moved, ctx.sink.name) for moved in columns]


def _named(moved: MovedColumn, sink: str) -> exp.Expression:
    value = wire_value(moved, sink)
    if isinstance(value, exp.Column) and value.name == moved.target.name:
        return value
    return exp.Alias(this=value, alias=exp.Identifier(this=moved.target.name, quoted=True))


def _fingerprint(ctx: Context, action: FingerprintSource) -> Lowered:
    selection = action.selection
    values: list[exp.Expression] = [_as(shape("count(*)::text"), "source_rows")]
    if action.level == "counts":
        values += [_as(shape("''"), "source_a"), _as(shape("''"), "source_b")]
        query = select_from(ctx, selection, values)
    elif quick(ctx):
        hashed = quick_sum(tuple(arriving_value(moved, "postgres") for moved in _compared(ctx, selection)))
        values += [_as(hashed, "source_a"), _as(text(MARK), "source_b")]
        query = select_from(ctx, replace(selection, distinct=False), values)
    else:
        arriving = [arriving_value(moved, ctx.sink.name) for moved in _compared(ctx, selection)]
        rows = select_from(ctx, replace(selection, distinct=False), [value for value, _ in arriving])
        values += [_as(digest_sum(0), "source_a"), _as(digest_sum(1), "source_b")]
        query = exp.Select(expressions=values).from_(digested(rows, tuple(type_ for _, type_ in arriving)))
    return Lowered(
        op="query",
        bodies={"main": _ended(sql(query)).text},
        params=selection_params(selection),
        captures=("source_rows", "source_a", "source_b"),
        locks=(_READ_LOCK,),
    )


_OFFENDERS = """\
  SELECT string_agg(format('column %s: %s values (%s); policy %s', e.name, e.n, e.says, e.policy), '; ') INTO problems
    FROM (
<<counted>>
    ) AS "counted"
   CROSS JOIN LATERAL (VALUES
      <<told>>
    ) AS e (name, n, says, policy)
   WHERE e.n > 0;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP524', MESSAGE = 'values that the target cannot hold: ' || problems,
      HINT = 'correct them, change the type of the target, or say lossy: null, clamp or text for the column';
  END IF;"""


def check_values(ctx: Context, action: CheckValues) -> Lowered:
    """DP524: one pass over the selection that counts the offenders of every column."""
    counts: list[exp.Expression] = []
    told: list[Sql] = []
    for moved, loss in counted(action.selection):
        name = f"n{len(counts)}"
        condition = offends(loss, source_value(moved), moved.source.type)
        counts.append(_as(shape("count(*) FILTER (WHERE :condition)", condition=condition), name))
        words = [literal(f'"{moved.source.name}"'), word(column(name, "counted")), literal(loss.says)]
        told.append(frame("(<<line>>)", line=join(", ", [*words, literal(moved.lossy)])))
    query = select_from(ctx, action.selection, counts)
    body = frame(_OFFENDERS, counted=sql(query), told=join(",\n      ", told))
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, beside_columns(Sql("  problems text;"))).text + "\n"},
        params=selection_params(action.selection),
        locks=(_READ_LOCK,),
    )


def _compared(ctx: Context, selection: Selection) -> tuple[MovedColumn, ...]:
    """A generated column of the target computes itself, so it is not compared."""
    return tuple(m for m in selection.columns if not (ctx.sink.name == "postgres" and m.target.generated))


def _as(value: exp.Expression, name: str) -> exp.Expression:
    return exp.Alias(this=value, alias=exp.to_identifier(name))


def _ended(query: Sql) -> Sql:
    return frame("<<query>>;\n", query=query)


def select_from(ctx: Context, selection: Selection, values: list[exp.Expression]) -> exp.Select:
    """The selection's rows. No alias: the manifest's filter names bare columns."""
    conditions: list[exp.Expression] = []
    conditions += _chosen(selection)
    if selection.interval is not None:
        conditions.append(interval_predicate(selection.interval, column(selection.interval.column), PREDICATES))
    if selection.partitions is not None:
        conditions.append(_partition_condition(ctx, selection, selection.partitions))
    if selection.scope is not None:
        scope = selection.scope
        conditions.append(in_scope(scope, column(scope.column), scope.type))
    streams = captures(selection) and replicates(ctx.load)
    origin = feed_rows(ctx, selection) if streams else table(names.source(selection.table))
    query = exp.Select(expressions=values).from_(origin)
    query = query.where(*conditions) if conditions else query
    return query.distinct() if selection.distinct else query


def _chosen(selection: Selection) -> list[exp.Expression]:
    """What filter and tombstone ask of a row, or (`negate_filter`) what is true of the rows that they leave out."""
    wanted, gone = ([opaque(sql_)] if sql_ is not None else [] for sql_ in (selection.where, selection.tombstone))
    if not selection.negate_filter:
        return [*wanted, *(shape("NOT coalesce(:gone, false)", gone=each) for each in gone)]
    out = [*(shape("NOT coalesce(:wanted, false)", wanted=each) for each in wanted), *gone]
    return [exp.Paren(this=exp.or_(*out)) if len(out) > 1 else each for each in out[:1]]


def _partition_condition(ctx: Context, selection: Selection, partitions: PartitionSet) -> exp.Expression:
    """The set names a source column; its values are those of the target's column, so a conversion comes before the test."""
    everything = ctx.load.decisions.columns
    moved = (*selection.columns, *everything) if isinstance(everything, tuple) else selection.columns
    found = next((m for m in moved if m.source.name == partitions.column), None)
    if found is None:
        return partition_predicate(partitions, column(partitions.column), PREDICATES)
    if found.sql is None and found.source.type.kind is found.target.type.kind:
        return partition_predicate(partitions, source_value(found), PREDICATES)
    value, type_ = partition_value(found, ctx.sink.name)
    return partition_predicate(replace(partitions, type=type_), value, PREDICATES)


def selection_params(selection: Selection) -> tuple[str, ...]:
    """The run parameters that a selection's predicates read."""
    ends = (selection.interval.low, selection.interval.high) if selection.interval else ()
    interval = tuple(end for end in ends if end)
    partitions = (selection.partitions.parameter,) if selection.partitions else ()
    return (*interval, *partitions, *(selection.scope.params if selection.scope else ()))
