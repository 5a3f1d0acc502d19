"""setup/: what a DBA runs once, with the fewest privileges that the plan needs. One batch a file, without GO."""

from __future__ import annotations

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.script import literal, statements, word
from dpone_compiler.backends.mssql.slices import create_table
from dpone_compiler.plan.actions import DeleteAll, ExchangeTables, InsertStaged, SwapPartitions
from dpone_compiler.spi.backend import Context, SetupFile
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.render import Sql, frame

# CREATE SCHEMA wants a batch of its own: https://learn.microsoft.com/en-us/sql/t-sql/statements/create-schema-transact-sql
_SCHEMA = "IF SCHEMA_ID(<<name>>) IS NULL EXEC(<<create>>);\n"

# Names of loads are compared as they are written, in a database of any collation; 400 UTF-16 units fit a key of 900 bytes.
_STATE = """\
SET ANSI_NULLS, ANSI_PADDING, QUOTED_IDENTIFIER ON;
<<schema>>IF OBJECT_ID(<<name>>, N'U') IS NULL
CREATE TABLE <<state>> (
  [load] nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
  [fence] bigint NOT NULL DEFAULT 0,
  [lease_owner] nvarchar(36) NULL,
  [lease_until] datetime2(3) NULL,
  [lease_backend] int NULL,
  [attempt] bigint NOT NULL DEFAULT 0,
  [run_id] nvarchar(36) NULL,
  [phase] nvarchar(20) NOT NULL DEFAULT N'idle' CHECK ([phase] IN (N'idle', N'open', N'staged', N'committed', N'done')),
  [fingerprint] nvarchar(200) NULL,
  [window_low] nvarchar(200) NULL,
  [window_high] nvarchar(200) NULL,
  [partitions] nvarchar(max) NULL,
  [rows_staged] bigint NULL,
  [digest] nvarchar(200) NULL,
  [watermark] nvarchar(200) NOT NULL DEFAULT N'',
  [committed_run_id] nvarchar(36) NULL,
  [rows_applied] bigint NULL,
  [adopted] bit NOT NULL DEFAULT 0,
  [target] nvarchar(max) NULL,
  [source] nvarchar(max) NULL,
  [updated_at] datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
"""

# CREATE TABLE is a permission on the database and ALTER one on the schema; both are needed to make a table.
# https://learn.microsoft.com/en-us/sql/t-sql/statements/create-table-transact-sql#permissions-1
_GRANTS = """\
-- loader=ROLE sqlcmd -b -I -i THIS_FILE: variables come from the environment; on Windows -v loader=ROLE does the same
GRANT SELECT, INSERT, UPDATE ON <<state>> TO [$(loader)];
<<slices>><<target_grants>>GRANT CREATE TABLE TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::<<staging>> TO [$(loader)];
<<swap>>"""

_TARGET = "GRANT SELECT, INSERT, UPDATE, DELETE<<alter>> ON <<target>> TO [$(loader)];\n"
# Whoever makes a table does not own it here: its schema's owner does.
_NEW_TARGET = "GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::<<schema>> TO [$(loader)];\n"

_SLICES = "GRANT SELECT, INSERT ON <<slices>> TO [$(loader)];\n"

# A snapshot, min_active_rowversion() and the catalog's rows of a table that may be read ask for nothing more.
_SOURCE = """\
-- reader=ROLE sqlcmd -b -I -i THIS_FILE: variables come from the environment; on Windows -v reader=ROLE does the same
GRANT SELECT ON <<table>> TO [$(reader)];
"""

# A new table is granted what the old one was, by whoever controls both. What hangs on the old one has to be seen, in other schemas too:
# https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/sys-sql-expression-dependencies-transact-sql
_SWAPS = """\
-- A swap makes a table beside the target, renames two, and grants what the old one had.
GRANT CONTROL ON SCHEMA::<<schema>> TO [$(loader)];
GRANT VIEW DEFINITION TO [$(loader)];
GRANT SELECT ON sys.sql_expression_dependencies TO [$(loader)];
"""


def setup(ctx: Context) -> tuple[SetupFile, ...]:
    """State table, schemas and grants of the sink; grants of the source."""
    files: list[SetupFile] = []
    if ctx.load.write.endpoint.engine == "mssql":
        state, grants = _state(ctx).text, _grants(ctx).text
        files += (
            SetupFile(name="mssql_state.sql", side="target", body=state, purpose="state table and schemas"),
            SetupFile(
                name="mssql_grants.sql", side="target", body=grants, purpose="what the loader may do, for sqlcmd"
            ),
        )
    if ctx.load.read.endpoint.engine == "mssql":
        may = frame(_SOURCE, table=word(table(names.source(ctx.load.read.endpoint.table)))).text
        files.append(
            SetupFile(name="mssql_source.sql", side="source", body=may, purpose="what the reader may see, for sqlcmd")
        )
    return tuple(files)


def _state(ctx: Context) -> Sql:
    load = ctx.load
    state, target = names.state(load), names.target(load)
    staging_schema = load.write.staging_schema or target.schema
    there = names.DEFAULT_SCHEMA if load.decisions.new_target is not None else target.schema
    made = sorted({state.schema, staging_schema, target.schema} - {there})
    schemas = "".join(_schema(name).text for name in made)
    whole = word(table(state))
    made_state = frame(_STATE, schema=Sql(schemas), state=whole, name=literal(whole.text))
    return statements(made_state, create_table(load)) if load.write.slices else made_state


def _schema(name: str) -> Sql:
    create = frame("CREATE SCHEMA <<schema>>", schema=word(identifier(name)))
    return frame(_SCHEMA, name=literal(name), create=literal(create.text))


def _grants(ctx: Context) -> Sql:
    """TRUNCATE, IDENTITY_INSERT, SWITCH and a new column ask for ALTER on the table."""
    load = ctx.load
    target = names.target(load)
    actions = [step.action for step in ctx.plan.steps]
    truncates = any(isinstance(a, DeleteAll) and a.truncate for a in actions)
    numbers = any(isinstance(a, InsertStaged) and any(m.target.identity for m in a.staging.columns) for a in actions)
    switches = any(isinstance(a, SwapPartitions) for a in actions)
    swaps = any(isinstance(a, ExchangeTables) for a in actions)
    return frame(
        _GRANTS,
        swap=frame(_SWAPS, schema=word(identifier(target.schema))) if swaps else Sql(""),
        state=word(table(names.state(load))),
        slices=frame(_SLICES, slices=word(table(names.slices(load)))) if load.write.slices else Sql(""),
        target_grants=_on_target(
            ctx, Sql(", ALTER" if truncates or numbers or switches or load.decisions.added else "")
        ),
        staging=word(identifier(load.write.staging_schema or target.schema)),
    )


def _on_target(ctx: Context, alter: Sql) -> Sql:
    target = names.target(ctx.load)
    if ctx.load.decisions.new_target is not None:
        return frame(_NEW_TARGET, schema=word(identifier(target.schema)))
    return frame(_TARGET, target=word(table(target)), alter=alter)


def state_display(ctx: Context) -> str:
    """The state table for people."""
    return str(names.state(ctx.load))
