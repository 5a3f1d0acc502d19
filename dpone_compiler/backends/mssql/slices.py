"""The slices of a backfill: which comes next, whether the source has rows of it, and the note that it is loaded.

The note is a row of its own beside the state row, written in the transaction of the data: what is loaded is what is noted.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.scope import within
from dpone_compiler.backends.mssql.script import MESSAGE, batch, inside, literal, refuse, sql, statements, word
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.slice_actions import CheckSliceFilled, NextSlice, RecordSlice, SliceAction
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.render import Sql, frame, join

# VALUES as a derived table has no limit of rows; as the rows of an INSERT it has one of 1000.
# https://learn.microsoft.com/en-us/sql/t-sql/queries/table-value-constructor-transact-sql
_NEXT = """\
  SELECT TOP (1) [s].[window_low], [s].[window_high], CONVERT(nvarchar(20), COUNT_BIG(*) OVER () - 1) AS [slices_left]
    FROM (VALUES
<<slices>>
    ) AS [s] ([number], [window_low], [window_high])
   WHERE NOT EXISTS (SELECT 1 FROM <<noted>> AS [d]
                      WHERE [d].[load] = <<load>> AND [d].[backfill] = <<backfill>>
                        AND [d].[window_low] = [s].[window_low] AND [d].[window_high] = [s].[window_high])
   ORDER BY [s].[number];"""

_RECORD = """\
  INSERT INTO <<noted>> ([load], [backfill], [window_low], [window_high], [run_id])
  VALUES (<<load>>, <<backfill>>, @window_low, @window_high, @run_id);"""

_EMPTY = """\
  IF NOT EXISTS (
<<rows>>
  )
<<refuse>>"""

# All columns are compared as they are written, and their 1700 bytes at most are what an index that is not clustered may have.
# https://learn.microsoft.com/en-us/sql/sql-server/maximum-capacity-specifications-for-sql-server
_TABLE = """\
IF OBJECT_ID(<<name>>, N'U') IS NULL
CREATE TABLE <<noted>> (
  [load] nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [backfill] nvarchar(250) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [window_low] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [window_high] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [run_id] nvarchar(36) NOT NULL,
  [recorded_at] datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
  PRIMARY KEY NONCLUSTERED ([load], [backfill], [window_low], [window_high])
);
"""


def lower_slice(ctx: Context, action: SliceAction) -> Lowered:
    """How a step of a backfill is done."""
    match action:
        case NextSlice():
            return _next_slice(ctx, action)
        case CheckSliceFilled():
            return _check_slice_filled(ctx, action)
        case RecordSlice():
            return _record_slice(ctx, action)


def _next_slice(ctx: Context, action: NextSlice) -> Lowered:
    """The first slice that is not noted; no row when all are."""
    rows = [
        frame("      (<<number>>, <<low>>, <<high>>)", number=Sql(str(number)), low=literal(low), high=literal(high))
        for number, (low, high) in enumerate(action.slices.pairs(), start=1)
    ]
    body = frame(_NEXT, slices=join(",\n", rows), **_noted(ctx.load, action.backfill))
    return Lowered(
        op="query",
        bodies={"main": batch(ctx.load, body).text},
        captures=("window_low", "window_high", "slices_left"),
    )


def _check_slice_filled(ctx: Context, action: CheckSliceFilled) -> Lowered:
    """DP502. Whole partitions may be staged although the slice itself has no row."""
    rows = exp.select("1").from_(table(names.staging(ctx, action.staging), "s"))
    empty = refuse(
        "DP502", "if that is right, say policies.empty_slice: keep", literal("the source gave no row of the slice")
    )
    body = frame(_EMPTY, rows=sql(rows.where(within(action.scope, action.staging.columns, "s"))), refuse=empty)
    return Lowered(
        op="sql", bodies={"main": inside(ctx.load, statements(MESSAGE, body)).text}, params=action.scope.params
    )


def _record_slice(ctx: Context, action: RecordSlice) -> Lowered:
    """A slice that is noted already makes this fail, and the data with it."""
    body = frame(_RECORD, **_noted(ctx.load, action.backfill))
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, body).text},
        params=("run_id", "window_low", "window_high"),
        locks=("X on the new row of the table of slices until the transaction ends",),
    )


def create_table(load: Load) -> Sql:
    """DDL of the table of slices."""
    noted = word(table(names.slices(load)))
    return frame(_TABLE, noted=noted, name=literal(noted.text))


def _noted(load: Load, backfill: str) -> dict[str, Sql]:
    return {"noted": word(table(names.slices(load))), "load": literal(load.name), "backfill": literal(backfill)}
