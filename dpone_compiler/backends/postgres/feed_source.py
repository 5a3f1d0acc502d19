"""Captured changes on the source: what the technical columns of a change are made of.

Change table: the operation's word, the sequence and the filter are read from its own columns.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.postgres.projection import parsed
from dpone_compiler.backends.postgres.script import DIALECT, sql
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.ir.load import ChangeFeed, MovedColumn, ParsedSql
from dpone_compiler.plan.actions import Selection
from dpone_compiler.plan.changes import KEPT, OPERATION, ORDER, UNCHANGED, feed_of, technical
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import column

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
    feed = feed_of(ctx.load)
    made = {
        OPERATION: shape(_OPERATION, word=exp.cast(column(feed.operation), "text")),
        ORDER: column(_order(ctx, feed)),
        KEPT: _kept(selection),
        UNCHANGED: shape("''"),
    }
    columns = tuple(_computed(moved, made) for moved in selection.columns)
    return replace(selection, columns=columns, where=None)


def _order(ctx: Context, feed: ChangeFeed) -> str:
    cursor = ctx.load.read.cursor
    return feed.sequence or (cursor.column if cursor is not None else "")


def _kept(selection: Selection) -> exp.Expression:
    if selection.where is None:
        return shape("'t'")
    return shape("CASE WHEN :wanted THEN 't' ELSE 'f' END", wanted=parsed(selection.where))


def _computed(moved: MovedColumn, made: dict[str, exp.Expression]) -> MovedColumn:
    value = made.get(moved.target.name)
    if value is None:
        return moved
    return replace(moved, sql=ParsedSql(text=sql(value).text, dialect=DIALECT, columns=(), type=moved.source.type))
