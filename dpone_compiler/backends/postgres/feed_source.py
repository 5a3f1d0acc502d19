"""Captured changes on the source: what the technical columns of a change are made of.

Change table: the operation's word, the sequence and the filter are read from its own columns. Slot: `read_changes` has put the
decoded changes into a temporary table of the session; the first run reads the source table itself instead.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.predicates import PREDICATES
from dpone_compiler.backends.postgres.script import DIALECT, word
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.ir.load import ChangeFeed, Load, MovedColumn, ParsedSql
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import Selection
from dpone_compiler.plan.changes import (
    KEPT,
    LSN,
    OPERATION,
    ORDER,
    UNCHANGED,
    feed_of,
    lsn_window,
    old_key,
    read_columns,
    replicates,
    technical,
)
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import column, identifier, table, text
from dpone_compiler.sql.own_words import opaque
from dpone_compiler.sql.predicates import interval_predicate
from dpone_compiler.sql.render import frame, render

CHANGES = "__dponec_changes"
# The schema of this session's temporary tables: a table of that name elsewhere is never meant.
TEMPORARY = frame("pg_temp.<<name>>", name=word(identifier(CHANGES)))
# The words of dpone, of Debezium, and plain ones; any other stays as it is and is refused on the target.
_OPERATION = (
    "CASE lower(:word) WHEN 'i' THEN 'I' WHEN 'insert' THEN 'I' WHEN 'c' THEN 'I' WHEN 'create' THEN 'I' WHEN 'r' THEN 'I'"
    " WHEN 'read' THEN 'I' WHEN 'u' THEN 'U' WHEN 'update' THEN 'U' WHEN 'd' THEN 'D' WHEN 'delete' THEN 'D'"
    " WHEN 't' THEN 'T' WHEN 'truncate' THEN 'T' ELSE coalesce(:word, '') END"
)


def captures(selection: Selection) -> bool:
    """Whether the selection is of changes."""
    return any(technical(moved.target.name) for moved in selection.columns)


def of_changes(ctx: Context, selection: Selection) -> Selection:
    """The selection with its technical columns as expressions. The filter moves into one of them: a row that leaves it is a delete."""
    if not captures(selection):
        return selection
    if replicates(ctx.load):
        made = {name: column(name) for name in (OPERATION, ORDER, UNCHANGED)} | {KEPT: _kept(selection)}
        columns = tuple(_computed(moved, made) for moved in selection.columns)
        return replace(selection, columns=columns, where=None, interval=None)
    feed = feed_of(ctx.load)
    made = {
        OPERATION: shape(_OPERATION, word=exp.cast(column(feed.operation), "text")),
        ORDER: column(_order(ctx, feed)),
        KEPT: _kept(selection),
        UNCHANGED: shape("''"),
    }
    columns = tuple(_computed(moved, made) for moved in selection.columns)
    return replace(selection, columns=columns, where=None)


def changes_columns(load: Load) -> tuple[str, ...]:
    """Columns of the temporary table, in order."""
    old = (old_key(place) for place in range(len(load.write.key)))
    return (ORDER, LSN, OPERATION, UNCHANGED, *old, *read_columns(load))


def feed_rows(ctx: Context, selection: Selection) -> exp.Subquery:
    """The temporary table's changes of the window; on the first run the source's rows, after one R that says that they are all.

    The second and third part cost nothing later: their condition is known before any row is read.
    """
    load = ctx.load
    names_ = changes_columns(load)
    first = shape("current_setting('dponec.watermark') = ''")
    stored = exp.Select(expressions=[column(name) for name in names_]).from_(_temporary())
    stored = stored.where(interval_predicate(lsn_window(), column(LSN), PREDICATES))
    begins = exp.Select(expressions=[_initial(name, "R", -1, exp.Null()) for name in names_]).where(first)
    copied = exp.Select(expressions=[_initial(name, "I", 0, column(name)) for name in names_])
    copied = copied.from_(table(names.source(selection.table))).where(first.copy())
    if isinstance(load.read.where, ParsedSql):
        copied = copied.where(opaque(load.read.where))
    union = exp.Union(this=exp.Union(this=stored, expression=begins, distinct=False), expression=copied, distinct=False)
    return exp.Subquery(this=union, alias=exp.TableAlias(this=exp.to_identifier("f")))


def _temporary() -> exp.Table:
    return table(TableRef("pg_temp", CHANGES))


def _initial(name: str, op: str, order: int, value: exp.Expression) -> exp.Expression:
    if name == OPERATION:
        return text(op)
    if name == UNCHANGED:
        return text("")
    if name in (ORDER, LSN):
        return exp.Literal.number(order) if order >= 0 else exp.Neg(this=exp.Literal.number(-order))
    return exp.Null() if technical(name) else value


def _order(ctx: Context, feed: ChangeFeed) -> str:
    cursor = ctx.load.read.cursor
    return feed.sequence or (cursor.column if cursor is not None else "")


def _kept(selection: Selection) -> exp.Expression:
    if selection.where is None:
        return shape("'t'")
    return shape("CASE WHEN :wanted THEN 't' ELSE 'f' END", wanted=opaque(selection.where))


def _computed(moved: MovedColumn, made: dict[str, exp.Expression]) -> MovedColumn:
    value = made.get(moved.target.name)
    if value is None:
        return moved
    return replace(
        moved, sql=ParsedSql(text=render(value, DIALECT).text, dialect=DIALECT, columns=(), type=moved.source.type)
    )
