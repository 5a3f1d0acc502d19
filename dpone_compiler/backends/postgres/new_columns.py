"""Columns that a target on Postgres lacks: one ALTER TABLE under the lease, and only where one of them is missing."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.lease import AFFECTED, lost_lease
from dpone_compiler.backends.postgres.new_target import MOST_COLUMNS, own_spelling
from dpone_compiler.backends.postgres.script import do_block, literal, sql, word
from dpone_compiler.backends.postgres.state import mine, state_sql
from dpone_compiler.ir.evolution import AddedColumns
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.plan.target_actions import AddColumns
from dpone_compiler.spi.backend import Context, Lowered, NewTable
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.postgres_native import NativeTypeError, type_tree
from dpone_compiler.sql.render import frame, join

MOST_BYTES = 63  # https://www.postgresql.org/docs/current/limits.html

# The locks in the order in which every load takes them: the target's advisory one, the state row, the table.
_ADD = """\
  IF EXISTS (SELECT FROM unnest(ARRAY[<<names>>]) AS e (name) WHERE NOT EXISTS (
       SELECT FROM pg_attribute AS a
        WHERE a.attrelid = <<target>>::regclass AND a.attname = e.name AND a.attnum > 0 AND NOT a.attisdropped)) THEN
    PERFORM set_config('lock_timeout', <<timeout>>, true);
    PERFORM pg_advisory_xact_lock(hashtextextended(<<key>>, 0));
    PERFORM FROM <<state>>
<<mine>>
       FOR UPDATE;
<<lost>>
<<alter>>;
  END IF;"""

_LOCKS = (
    "none where the columns are there",
    "otherwise the advisory lock of {target}, the state row, and ACCESS EXCLUSIVE on {target} until this statement ends, which is "
    "at once: a column without a default rewrites nothing",
    "while it waits for ACCESS EXCLUSIVE, readers that come later wait behind it, for the lock timeout of {timeout} s at the most",
)
_SEEN = "the same rows, with NULL in the new columns once the statement ends"


def design(new: NewTable, there: TableStructure) -> AddedColumns:
    """The columns in the catalog's own spelling."""
    try:
        columns = tuple(own_spelling(new, column) for column in new.columns)
    except NativeTypeError as error:
        return AddedColumns(columns=new.columns, refused=str(error))
    return AddedColumns(columns=columns, refused=_refused(columns, there))


def _refused(columns: tuple[Column, ...], there: TableStructure) -> str:
    count = len(there.columns) + len(columns)
    if count > MOST_COLUMNS:
        return f"Postgres has tables of {MOST_COLUMNS} columns at most, not {count}"
    # A longer name would be cut without an error.
    long = [column.name for column in columns if len(column.name.encode()) > MOST_BYTES]
    return f"a name has {MOST_BYTES} bytes at most: {long[0]!r}" if long else ""


def add_columns(ctx: Context, action: AddColumns) -> Lowered:
    """All of them in one statement, so that a table never has some of them."""
    target = names.target(ctx.load)
    alter = exp.Alter(this=table(target), kind="TABLE", actions=[_added(column) for column in action.columns])
    timeout = ctx.load.write.limits.lock_timeout
    body = frame(
        _ADD,
        names=join(", ", [literal(column.name) for column in action.columns]),
        target=literal(word(table(target)).text),
        timeout=literal(f"{timeout}s"),
        key=literal(names.lock_key(ctx.load)),
        state=state_sql(ctx.load),
        mine=mine(ctx.load),
        lost=lost_lease(),
        alter=sql(alter),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, AFFECTED).text + "\n"},
        params=("run_id", "fence"),
        locks=tuple(each.format(target=target, timeout=timeout) for each in _LOCKS),
        visibility={"READ COMMITTED": _SEEN, "REPEATABLE READ": _SEEN},
    )


def _added(column: Column) -> exp.ColumnDef:
    return exp.ColumnDef(this=identifier(column.name), kind=type_tree(column.native), exists=True)
