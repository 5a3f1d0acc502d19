"""Columns that a target on ClickHouse lacks: one ALTER TABLE, which changes metadata and no part."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.backends.clickhouse.profile import engine_name, is_legacy, view
from dpone_compiler.backends.clickhouse.types import wanted_type
from dpone_compiler.ir.evolution import AddedColumns
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.plan.target_actions import AddColumns
from dpone_compiler.spi.backend import Context, Lowered, NewTable
from dpone_compiler.sql.clickhouse_names import ident, literal, qualified
from dpone_compiler.sql.clickhouse_native import native_sql
from dpone_compiler.sql.clickhouse_types import parse_type
from dpone_compiler.sql.render import Sql, frame, join

_LOCKS = (
    "the table's own lock of changes to its structure while the statement runs; reads and inserts go on, and no part is written again",
    "on a replicated table the change goes through Keeper, and the statement waits for this replica: others follow, and a "
    "replica that is down adds the columns when it is back",
)
_SEEN = "the same rows, with NULL in the new columns once the statement ends; a query that runs keeps the old structure"


def design(new: NewTable, there: TableStructure) -> AddedColumns:
    """The columns as this server has them, each Nullable."""
    columns = tuple(_column(new, column) for column in new.columns)
    return AddedColumns(columns=columns, refused=_refused(columns, there))


def _column(new: NewTable, column: Column) -> Column:
    native = wanted_type(column.native, legacy=is_legacy(new.engine), nullable=True)
    return replace(column, type=parse_type(native), native=native)


def _refused(columns: tuple[Column, ...], there: TableStructure) -> str:
    engine = engine_name(there)
    if not engine.endswith("MergeTree"):
        return f"the engine {engine} keeps its rows elsewhere, or has no ALTER; only tables of the MergeTree family get columns"
    unreadable = [column.name for column in columns if native_sql(column.native) is None]
    return f"column {unreadable[0]!r} has a type that this compiler cannot write" if unreadable else ""


def add_columns(ctx: Context, action: AddColumns) -> Lowered:
    """All of them in one statement, so that the table never has some of them."""
    seen = view(ctx)
    # IF NOT EXISTS came with 19.1. Before that the table is asked first: it has all of them or none, as `check-target` has seen.
    legacy = is_legacy(ctx.facts.target_engine)
    add = Sql("ADD COLUMN" if legacy else "ADD COLUMN IF NOT EXISTS")
    alter = frame(
        "ALTER TABLE <<table>>\n<<columns>>",
        table=qualified(seen.target),
        columns=join(",\n", [_added(add, column) for column in action.columns]),
    )
    if not legacy:
        return Lowered(op="sql", bodies={"main": alter.text}, locks=_LOCKS, visibility={"any": _SEEN})
    missing = frame(
        "SELECT 'all' AS item FROM (SELECT count() AS there FROM system.columns WHERE database = <<database>> AND table = <<table>> "
        "AND name IN (<<names>>)) WHERE there = 0",
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
        names=join(", ", [literal(column.name) for column in action.columns]),
    )
    bodies = {"query": missing.text, "body": alter.text}
    return Lowered(op="foreach", bodies=bodies, max_items=1, locks=_LOCKS, visibility={"any": _SEEN})


def _added(add: Sql, column: Column) -> Sql:
    native = native_sql(column.native)
    assert native is not None, "a type that cannot be written is refused"
    return frame("    <<add>> <<name>> <<type>>", add=add, name=ident(column.name), type=native)
