"""Columns that a target on SQL Server lacks: ALTER TABLE under the lease, all of them in one transaction."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.new_target import MOST_COLUMNS, definition, own_spelling
from dpone_compiler.backends.mssql.script import fenced, literal, statements, word
from dpone_compiler.backends.mssql.state import target_lock
from dpone_compiler.ir.evolution import AddedColumns
from dpone_compiler.ir.schema import Column, TableRef, TableStructure
from dpone_compiler.plan.target_actions import AddColumns
from dpone_compiler.spi.backend import Context, Lowered, NewTable
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.mssql_native import NativeTypeError
from dpone_compiler.sql.render import Sql, frame

MOST_CHARACTERS = 128  # sysname

# Another load into the same target may add the same one: it waits, and then finds it there.
_ADD = """\
  IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE [object_id] = OBJECT_ID(<<target>>, N'U') AND [name] = <<name>>)
    <<alter>>;"""

_LOCKS = (
    "the application lock of {target} until this transaction ends",
    "where a column is missing also a schema modification lock (Sch-M) on {target} until then, which is at once: a column that may "
    "be NULL and has no default rewrites nothing",
    "while it waits for Sch-M, readers that come later wait behind it, for the lock timeout of {timeout} s at the most",
)
_SEEN = "the same rows, with NULL in the new columns once the transaction ends; READ UNCOMMITTED waits too"


def design(new: NewTable, there: TableStructure) -> AddedColumns:
    """The columns as the catalog spells them."""
    try:
        columns = tuple(own_spelling(new, column) for column in new.columns)
    except NativeTypeError as error:
        return AddedColumns(columns=new.columns, refused=str(error))
    return AddedColumns(columns=columns, refused=_refused(columns, there))


def _refused(columns: tuple[Column, ...], there: TableStructure) -> str:
    count = len(there.columns) + len(columns)
    if count > MOST_COLUMNS:
        return f"SQL Server has tables of {MOST_COLUMNS} columns at most, not {count}"
    known = {column.name.casefold(): column.name for column in there.columns}
    for column in columns:
        if len(column.name) > MOST_CHARACTERS:
            return f"a name has {MOST_CHARACTERS} characters at most: {column.name!r}"
        if (other := known.setdefault(column.name.casefold(), column.name)) != column.name:
            return f"{column.name!r} and {other!r} are one name in most collations"
    return ""


def add_columns(ctx: Context, action: AddColumns) -> Lowered:
    """One statement a column, and one transaction, so that nobody sees a table that has some of them."""
    target = names.target(ctx.load)
    body = statements(*(_added(target, column) for column in action.columns))
    timeout = ctx.load.write.limits.lock_timeout
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, body, target_lock(ctx.load)).text},
        params=("run_id", "fence"),
        locks=tuple(each.format(target=target, timeout=timeout) for each in _LOCKS),
        visibility={"READ COMMITTED": _SEEN},
    )


def _added(target: TableRef, column: Column) -> Sql:
    alter = exp.Alter(this=table(target), kind="TABLE", actions=[definition(column)])
    return frame(_ADD, target=literal(word(table(target)).text), name=literal(column.name), alter=word(alter))
