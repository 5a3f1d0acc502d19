"""The statements behind `dponec state` and `dponec runs abort` (docs/adr/0003, "State commands"). No row back: not allowed now."""

from __future__ import annotations

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.predicates import bound
from dpone_compiler.backends.mssql.script import alone, batch, listed, literal, state_sql, word
from dpone_compiler.backends.mssql.shapes import convert, parameter, shape
from dpone_compiler.backends.mssql.subject import elsewhere, subject
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.render import Sql, frame

_SHOW = """\
  SELECT [load], [phase], [watermark], CONVERT(nvarchar(20), [fence]) AS [fence], CONVERT(nvarchar(20), [attempt]) AS [attempt],
         [run_id], [committed_run_id], [window_low], [window_high], [partitions],
         CONVERT(nvarchar(20), [rows_staged]) AS [rows_staged], CONVERT(nvarchar(20), [rows_applied]) AS [rows_applied], [digest],
         [fingerprint], [target], [source], CASE WHEN [adopted] = 1 THEN N'true' ELSE N'false' END AS [adopted], [lease_owner],
         CONVERT(nvarchar(23), [lease_until], 121) AS [lease_until], CONVERT(nvarchar(23), [updated_at], 121) AS [updated_at]
    FROM <<state>> WHERE [load] = <<load>>;"""
_SET = """\
  UPDATE <<state>>
     SET [watermark] = @watermark, [fence] = [fence] + 1, [updated_at] = SYSUTCDATETIME()
  OUTPUT inserted.[watermark] AS [watermark]
   WHERE [load] = <<load>> AND [phase] IN (N'idle', N'done') AND <<valid>>;"""
_ADOPT = """\
  IF <<valid>> AND NOT EXISTS (SELECT 1 FROM <<state>> WITH (UPDLOCK, HOLDLOCK) WHERE [load] = <<load>>)
    INSERT INTO <<state>> ([load]) VALUES (<<load>>);
  UPDATE <<state>>
     SET [adopted] = 1, [phase] = N'idle', [fence] = [fence] + 1, [updated_at] = SYSUTCDATETIME(),
         [watermark] = CASE WHEN @watermark <> N'' THEN @watermark WHEN <<elsewhere>> THEN N'' ELSE [watermark] END,
         <<subject>>
  OUTPUT inserted.[watermark] AS [watermark]
   WHERE [load] = <<load>> AND [phase] IN (N'idle', N'done') AND <<valid>>;"""
_ABORT = """\
  DECLARE @dp_owner nvarchar(255), @dp_dead int;
  SELECT @dp_owner = CONCAT(N'dponec.lease:', [lease_owner]) FROM <<state>>
   WHERE [load] = <<load>> AND [lease_backend] IS NOT NULL;
  SET @dp_dead = CASE WHEN @dp_owner IS NULL THEN 0 ELSE APPLOCK_TEST(N'public', @dp_owner, N'Exclusive', N'Session') END;
  UPDATE <<state>>
     SET [phase] = CASE WHEN [committed_run_id] IS NULL THEN N'idle' ELSE N'done' END, [fence] = [fence] + 1,
         [lease_owner] = NULL, [lease_until] = NULL, [lease_backend] = NULL, [updated_at] = SYSUTCDATETIME()
  OUTPUT inserted.[phase] AS [phase]
   WHERE [load] = <<load>> AND [run_id] = @run_id AND [phase] IN (N'open', N'staged')
     AND ([lease_owner] IS NULL OR [lease_until] <= SYSUTCDATETIME() OR @dp_dead = 1);"""
_ROLES = ("rows", "delta", "left", "changes", "versions")
_STAGING = """\
  SELECT o.[name], CONVERT(nvarchar(20), SUM(p.[rows])) AS [rows]
    FROM sys.tables AS o
   INNER JOIN sys.partitions AS p ON p.[object_id] = o.[object_id] AND p.index_id IN (0, 1)
   WHERE o.[schema_id] = SCHEMA_ID(<<schema>>) AND o.[name] IN (<<names>>)
   GROUP BY o.[name]
   ORDER BY o.[name];"""
# A text that is no value of the cursor's type cannot become a watermark, and neither can a word that means something else tomorrow.
_VALID = "(@watermark = N'' OR (@watermark LIKE N'[-0-9]%' AND <<tried>> IS NOT NULL))"
_LOWER = "[watermark] <> N'' AND @watermark LIKE N'[-0-9]%' AND <<tried>> < <<mark>>"


def state_commands(ctx: Context) -> dict[str, str]:
    """show, set, rewind, adopt and abort of this load. Without a window there is no watermark, so rewind gives no row."""
    cursor = next((step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow)), None)
    pieces = {"state": state_sql(ctx.load), "load": literal(ctx.load.name)}
    valid = frame(_VALID, tried=_tried(cursor)) if cursor else Sql("@watermark = N''")
    lower = frame(_LOWER, tried=_tried(cursor), mark=_mark(cursor)) if cursor else Sql("1 = 0")
    return {
        "show": batch(ctx.load, frame(_SHOW, **pieces)).text,
        "set": batch(ctx.load, frame(_SET, valid=valid, **pieces)).text,
        "rewind": batch(ctx.load, frame(_SET, valid=lower, **pieces)).text,
        "adopt": alone(
            ctx.load, frame(_ADOPT, valid=valid, elsewhere=elsewhere(ctx, Sql("")), subject=subject(ctx), **pieces)
        ).text,
        "abort": batch(ctx.load, frame(_ABORT, **pieces)).text,
        "staging": _staging(ctx),
    }


def _tried(type_: DataType) -> Sql:
    native = "bigint" if type_.kind is Kind.INT else "datetimeoffset(7)" if type_.tz else "datetime2(7)"
    native = "date" if type_.kind is Kind.DATE else native
    return frame("TRY_<<converted>>", converted=word(convert(native, parameter("watermark"))))


def _mark(type_: DataType) -> Sql:
    return word(bound(shape("NULLIF([watermark], N'')"), type_, type_))


def _staging(ctx: Context) -> str:
    """Staging tables of this load that exist: name, rows."""
    tables = [names.staging(ctx, role) for role in _ROLES]
    body = frame(_STAGING, schema=literal(tables[0].schema), names=listed([literal(made.name) for made in tables]))
    return batch(ctx.load, body).text
