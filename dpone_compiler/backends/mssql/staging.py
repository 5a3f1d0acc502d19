"""Staging tables: made, filled, cleaned, recorded, dropped. Heaps without indexes, outside of the finalizer's transaction.

A body that makes or fills staging is one short transaction that looks at the lease first: DDL would otherwise keep locks on the
system tables as long as a transfer lasts, and block whoever lists tables. So a zombie's next batch fails.
https://learn.microsoft.com/en-us/sql/relational-databases/import-export/prerequisites-for-minimal-logging-in-bulk-import
"""

from __future__ import annotations

from functools import partial

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.canonical import digest_of, stored_rows
from dpone_compiler.backends.mssql.code_pages import kept_in_code_pages, proves_content
from dpone_compiler.backends.mssql.predicates import BINARY
from dpone_compiler.backends.mssql.script import (
    batch,
    fenced,
    inside,
    listed,
    literal,
    mine,
    sql,
    state_sql,
    statements,
    word,
)
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.backends.mssql.state import has_partitions, lost_lease
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.actions import CleanStaging, CreateStaging, DropStaging, RecordStaged, Staging, Transfer
from dpone_compiler.plan.changes import old_key, technical
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.mssql_native import read_native
from dpone_compiler.sql.predicates import any_null
from dpone_compiler.sql.render import Sql, frame, join

# CONVERT keeps the collation of the target's column, and neither its identity property nor its NOT NULL.
_CREATE = """\
  IF OBJECT_ID(<<name>>, N'U') IS NOT NULL DROP TABLE <<staging>>;
  SELECT TOP (0)
         <<columns>>
    INTO <<staging>>
    FROM <<target>> AS [t];"""

_DROP = """\
  IF OBJECT_ID(<<name>>, N'U') IS NOT NULL DROP TABLE <<staging>>;"""

# `strict`: an element that is missing is an error and no NULL.
# https://learn.microsoft.com/en-us/sql/t-sql/functions/openjson-transact-sql
_LOAD = """\
  DECLARE @dp_taken bigint;
<<checked>>  INSERT INTO <<staging>> WITH (TABLOCK) (<<columns>>)
  SELECT <<values>>
    FROM OPENJSON(@rows) WITH (
         <<shape>>) AS [r];
  SET @dp_taken = ROWCOUNT_BIG();"""

_LINES = """\
  IF OBJECT_ID(<<name>>, N'U') IS NOT NULL DROP TABLE <<lines>>;
  CREATE TABLE <<lines>> ([line] nvarchar(max) NOT NULL);"""

_NAMED = """\
  SELECT <<name>> AS [table];"""

_OF_LINES = "<<lines>> AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']')"

_UNPACK = """\
  DECLARE @dp_taken bigint;
<<checked>>  INSERT INTO <<staging>> WITH (TABLOCK) (<<columns>>)
  SELECT <<values>>
    FROM <<origin>> WITH (
         <<shape>>) AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  DROP TABLE <<lines>>;"""

_TAKEN = """\
  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];"""

_DELETE = """\
  <<delete>>;
  SET <<count>> = ROWCOUNT_BIG();"""

_LATEST = """\
  WITH [ranked] AS (
    SELECT RANK() OVER (PARTITION BY <<key>> ORDER BY CASE WHEN <<cursor>> IS NULL THEN 1 ELSE 0 END, <<cursor>> DESC) AS [n]
      FROM <<staging>>)
  DELETE FROM [ranked] WHERE [n] > 1;
  SET @dp_duplicate = ROWCOUNT_BIG();"""

_CLEAN = """\
  DECLARE @dp_null bigint = 0, @dp_duplicate bigint = 0;
<<deletes>>"""

_CLEANED = """\
  SELECT CONVERT(nvarchar(20), @dp_null) AS [rows_null_keys], CONVERT(nvarchar(20), @dp_duplicate) AS [rows_duplicate];"""

_RECORD = """\
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
<<count>>
  UPDATE <<state>>
     SET [phase] = N'staged', [rows_staged] = @dp_staged, [digest] = @dp_digest<<partitions>>, [updated_at] = SYSUTCDATETIME()
<<mine>>
     AND [run_id] = @run_id AND [phase] IN (N'open', N'staged');
<<lost>>"""

_RECORDED = """\
  SELECT CONVERT(nvarchar(20), @dp_staged) AS [rows_staged];"""

# What check_staged_rows has found in this transaction; the fence at its start forgets what others found.
_PROVED = """\
  SET @dp_digest = CONVERT(varchar(80), SESSION_CONTEXT(<<key>>));
  IF @dp_digest IS NULL
  BEGIN
<<counted>>
  END
  ELSE
    SELECT @dp_staged = COUNT_BIG(*) FROM <<staging>>;"""

_GUARD = """\
  IF OBJECT_ID(<<name>>, N'U') IS NULL
    SELECT N'0' AS [done];
  ELSE
    SELECT CASE WHEN EXISTS (
        SELECT 1 FROM <<state>>
         WHERE [load] = <<load>> AND [phase] = N'staged' AND [run_id] = @run_id
           AND [rows_staged] = (SELECT COUNT_BIG(*) FROM <<staging>>)) THEN N'1' ELSE N'0' END AS [done];"""

_SCHEMA_LOCK = "Sch-M on the staging table"
_LARGE = {"text": "varchar(max)", "ntext": "nvarchar(max)", "image": "varbinary(max)", "rowversion": "binary(8)"}


def create_staging(ctx: Context, action: CreateStaging) -> Lowered:
    """An empty heap with the target's types and collations, and none of its constraints, indexes or triggers."""
    columns = [
        frame(
            "<<value>> AS <<name>>",
            value=word(_typed(ctx, m.target)),
            name=word(identifier(m.target.name)),
        )
        for m in action.staging.columns
    ]
    staging = staging_sql(ctx, action.staging)
    body = frame(
        _CREATE,
        name=literal(staging.text),
        staging=staging,
        columns=join(",\n         ", columns),
        target=word(table(names.target(ctx.load))),
    )
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, body).text},
        params=("run_id", "fence"),
        locks=(_SCHEMA_LOCK, "Sch-S on the target while its types are read"),
    )


def _typed(ctx: Context, target: Column) -> exp.Expression:
    """What gives a column its type and collation: the target's own column, which technical columns do not have."""
    keys = {old_key(place): name for place, name in enumerate(ctx.load.write.key)}
    if target.name in keys or not technical(target.name):
        return convert(staged_type(target), column(keys.get(target.name, target.name), "t"))
    value = convert(staged_type(target), exp.Null())
    return shape(f":value COLLATE {BINARY}", value=value) if target.type.kind is Kind.TEXT else value


def staged_type(target: Column) -> str:
    """The type in staging. Raises NativeTypeError."""
    native = read_native(target.native)
    return _LARGE.get(native.name, native.text)


def load_staging(ctx: Context, action: Transfer) -> Lowered | Unsupported:
    """One batch of rows, a JSON array of arrays, into staging; its own transaction, so that a killed transfer holds no lock."""
    if action.wire != "json":
        return Unsupported(f"SQL Server does not read the wire format {action.wire!r}")
    columns = action.staging.columns
    staging = staging_sql(ctx, action.staging)
    checked = partial(
        kept_in_code_pages,
        columns,
        shape=_shape(columns),
        staging=staging,
        proved=proves_content(ctx.plan, action.staging),
    )
    body = frame(
        _LOAD,
        checked=checked(origin=Sql("OPENJSON(@rows)")),
        staging=staging,
        columns=join(", ", [word(identifier(m.target.name)) for m in columns]),
        values=join(",\n         ", [arriving(m.target, _place(n)) for n, m in enumerate(columns)]),
        shape=_shape(columns),
    )
    lines = word(table(names.staging(ctx, f"{action.staging.role}_lines")))
    made = frame(_LINES, name=literal(lines.text), lines=lines)
    unpacked = frame(
        _UNPACK,
        checked=checked(origin=frame(_OF_LINES, lines=lines)),
        staging=staging,
        columns=join(", ", [word(identifier(m.target.name)) for m in columns]),
        values=join(",\n         ", [arriving(m.target, _place(n)) for n, m in enumerate(columns)]),
        origin=frame(_OF_LINES, lines=lines),
        shape=_shape(columns),
        lines=lines,
    )
    bodies = {
        "load": statements(fenced(ctx.load, body), Sql(_TAKEN)).text,
        # What bcp needs, and the runtime does not: a table of lines, and the statement that makes rows of them.
        "lines": statements(fenced(ctx.load, made), frame(_NAMED, name=literal(lines.text))).text,
        "unpack": statements(fenced(ctx.load, unpacked), Sql(_TAKEN)).text,
    }
    return Lowered(
        op="transfer",
        bodies=bodies,
        params=("run_id", "fence"),
        locks=("X (bulk) on the staging table, a batch at a time",),
        settings={"insert": {"hint": "TABLOCK", "rows": "OPENJSON, strict"}},
    )


def arriving(target: Column, value: exp.Expression) -> Sql:
    """The text of a row as a value of the column; a text is not converted, because CONVERT would cut it without a word."""
    type_ = target.type
    match type_.kind:
        case Kind.TEXT:
            read = value
        case Kind.BYTES:
            read = convert("varbinary(max)", value, 2)
        case Kind.DATE:
            read = convert("date", value, 23)
        case Kind.TIMESTAMP if not type_.tz:
            read = convert(staged_type(target), value, 121)
        case _:
            read = convert(staged_type(target), value)
    return word(read)


def _place(number: int) -> exp.Expression:
    return column(f"c{number}", "r")


def _shape(columns: tuple[MovedColumn, ...]) -> Sql:
    return join(
        ",\n         ",
        [
            frame(
                "<<name>> nvarchar(max) <<path>>",
                name=word(identifier(f"c{number}")),
                path=word(exp.Literal.string(f"strict $[{number}]")),
            )
            for number in range(len(columns))
        ],
    )


def clean_staging(ctx: Context, action: CleanStaging) -> Lowered:
    """Drop the rows that the declared policies drop, and say how many."""
    parts: list[Sql] = []
    staging = names.staging(ctx, action.staging)
    if action.skip_null_keys:
        delete = exp.delete(table(staging)).where(any_null(action.key))
        parts.append(frame(_DELETE, delete=sql(delete), count=Sql("@dp_null")))
    if action.keep_latest_by:
        parts.append(_keep_latest(ctx, action))
    body = frame(_CLEAN, deletes=statements(*parts))
    return Lowered(
        op="query",
        bodies={"main": inside(ctx.load, statements(body, Sql(_CLEANED))).text},
        captures=("rows_null_keys", "rows_duplicate"),
        locks=("IX on the staging table",),
    )


def _keep_latest(ctx: Context, action: CleanStaging) -> Sql:
    """Of rows with one key the one with the greatest cursor stays; of equal cursors all stay, and the next gate refuses them."""
    moved = (m.target.name for m in action.staging.columns if m.sql is None and m.source.name == action.keep_latest_by)
    return frame(
        _LATEST,
        staging=staging_sql(ctx, action.staging),
        key=listed([word(column(k)) for k in action.key]),
        cursor=word(column(next(moved, action.keep_latest_by))),
    )


def record_staged(ctx: Context, action: RecordStaged) -> Lowered:
    """Phase staged: count and digest are taken from staging itself, which the checks before have proved."""
    params = ["run_id", "fence"]
    partitions = Sql("")
    if has_partitions(ctx):
        params.append("partitions")
        partitions = Sql(", [partitions] = @partitions")
    staging = staging_sql(ctx, action.staging)
    count = frame("  SELECT @dp_staged = COUNT_BIG(*) FROM <<staging>>;", staging=staging)
    if action.level in ("content", "full"):
        count = _proved_digest(ctx, action)
    body = frame(
        _RECORD,
        count=count,
        state=state_sql(ctx.load),
        partitions=partitions,
        mine=mine(ctx.load),
        lost=lost_lease(),
    )
    return Lowered(
        op="query",
        bodies={"main": inside(ctx.load, statements(body, Sql(_RECORDED))).text},
        params=tuple(params),
        captures=("rows_staged",),
        guard=_guard(ctx, staging).text,
        locks=("X on the state row until the transaction ends",),
    )


def _proved_digest(ctx: Context, action: RecordStaged) -> Sql:
    """What check_staged_rows has just computed in this transaction, unless a clean changed the rows since."""
    counted = count_and_digest(ctx, action.staging)
    if any(isinstance(step.action, CleanStaging) for step in ctx.plan.steps):
        return counted
    key = literal(names.proved(action.staging))
    return frame(_PROVED, key=key, staging=staging_sql(ctx, action.staging), counted=counted)


def _guard(ctx: Context, staging: Sql) -> Sql:
    body = frame(
        _GUARD, name=literal(staging.text), state=state_sql(ctx.load), load=literal(ctx.load.name), staging=staging
    )
    return batch(ctx.load, body)


def drop_staging(ctx: Context, action: DropStaging) -> Lowered:
    """Remove a staging table of this load."""
    staging = staging_sql(ctx, action.staging)
    body = frame(_DROP, name=literal(staging.text), staging=staging)
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, body).text},
        params=("run_id", "fence"),
        locks=(_SCHEMA_LOCK,),
    )


def staging_sql(ctx: Context, staging: Staging) -> Sql:
    """The staging table's name."""
    return word(table(names.staging(ctx, staging)))


def count_and_digest(ctx: Context, staging: Staging) -> Sql:
    """Of the staged rows, in one pass the count into @dp_staged and `a:b`, the two sums, into @dp_digest."""
    rows = stored_rows(staging.columns, word(table(names.staging(ctx, staging), "s")), "s")
    return frame(
        "  SELECT @dp_staged = COUNT_BIG(*), @dp_digest = <<digest>>\n    FROM <<rows>>;",
        digest=digest_of(),
        rows=rows,
    )
