"""SQL Server as a source: its steps, and the windows that it freezes.

Fingerprint and extraction share a SNAPSHOT transaction where the database allows it; the runtime asks. Without it a READ COMMITTED
scan may miss rows that move meanwhile: the fingerprint then differs and the run stops before the target is touched.
https://learn.microsoft.com/en-us/sql/t-sql/statements/set-transaction-isolation-level-transact-sql
"""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.drift import check_table
from dpone_compiler.backends.mssql.extraction import check_values, extract, fingerprint
from dpone_compiler.backends.mssql.predicates import bound, least_value, lowest
from dpone_compiler.backends.mssql.script import MESSAGE, batch, literal, refuse, statements, word
from dpone_compiler.backends.mssql.shapes import convert, parameter, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.plan.actions import CheckTable, FingerprintSource, FreezeWindow, Transfer
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Step
from dpone_compiler.plan.value_actions import CheckValues
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.mssql_native import NativeTypeError
from dpone_compiler.sql.own_words import opaque
from dpone_compiler.sql.render import Sql, frame

_TIME = """\
  DECLARE @dp_high <<type>>, @dp_low <<type>>, @dp_mark <<type>>;
  SET @dp_high = <<horizon>>;
  IF @watermark = N''
    SET @dp_low = <<least>>;
  ELSE
  BEGIN
    SET @dp_mark = <<mark>>;
    SET @dp_low = <<low>>;
    IF @dp_high < @dp_mark SET @dp_high = @dp_mark;
  END;
  IF @dp_high < @dp_low SET @dp_high = @dp_low;
<<nulls>>  SELECT CASE WHEN @watermark = N'' THEN N'-infinity' ELSE <<low_text>> END AS [window_low], <<high_text>> AS [window_high];"""

# The maximum is read, and then every transaction that may still commit a lower number gets the declared time to do so.
_NUMBER = """\
  DECLARE @dp_high bigint, @dp_low bigint;
  SELECT @dp_high = <<high>>;
<<wait>>  IF @watermark = N''
    SET @dp_low = <<least>>;
  ELSE
  BEGIN
    SET @dp_low = CONVERT(bigint, @watermark) - <<lookback>>;
    IF @dp_high < CONVERT(bigint, @watermark) SET @dp_high = CONVERT(bigint, @watermark);
  END;
  IF @dp_high IS NULL OR @dp_high < @dp_low SET @dp_high = @dp_low;
<<nulls>>  SELECT CONVERT(nvarchar(20), @dp_low) AS [window_low], CONVERT(nvarchar(20), @dp_high) AS [window_high];"""

_INSTANT = Sql("""\
  SELECT N'' AS [window_low], CONVERT(nvarchar(26), CONVERT(datetime2(6), SYSUTCDATETIME()), 121) + N'+00:00' AS [window_high];""")

# https://learn.microsoft.com/en-us/sql/t-sql/language-elements/waitfor-transact-sql
_DAY = 86400
_NULL_CURSOR = """\
  IF EXISTS (SELECT 1 FROM <<table>><<where>>)
<<refuse>>
"""


def lower_source(ctx: Context, step: Step) -> Lowered | Unsupported:
    """How SQL Server does a step on its side as a source, or why it does not."""
    action = step.action
    try:
        match action:
            case CheckTable(side="source"):
                return check_table(ctx, action)
            case FreezeWindow():
                return _freeze(ctx, action)
            case FreezeInstant():
                main = batch(ctx.load, _INSTANT).text
                return Lowered(op="query", bodies={"main": main}, captures=("window_low", "window_high"))
            case FingerprintSource():
                return fingerprint(ctx, action)
            case CheckValues():
                return check_values(ctx, action)
            case Transfer():
                return extract(ctx, step, action)
            case _:
                return Unsupported(f"{type(action).__name__} is not done on the source")
    except NativeTypeError as error:
        return Unsupported(str(error))


def _freeze(ctx: Context, action: FreezeWindow) -> Lowered | Unsupported:
    """The query that gives window_low and window_high."""
    type_ = action.interval.type
    if type_.kind is Kind.INT:
        if action.lag is None and type_.native != "rowversion":
            return Unsupported(
                "a cursor that is a number needs a declared cursor.lag on SQL Server, or a rowversion column"
            )
        if (action.lag or 0) >= _DAY:
            return Unsupported(
                "a cursor that is a number waits for its cursor.lag before it reads, and WAITFOR waits less than 24 hours"
            )
        return _window(ctx, _number(ctx, action))
    if type_.kind not in (Kind.DATE, Kind.TIMESTAMP):
        return Unsupported(f"a cursor of type {type_.label()} has no order that writers follow")
    if action.lag is None:
        return Unsupported(
            "SQL Server does not say when its open transactions began writing: a time cursor needs a declared cursor.lag"
        )
    return _window(ctx, _time(ctx, action))


def _window(ctx: Context, body: Sql) -> Lowered:
    return Lowered(
        op="query",
        bodies={"main": batch(ctx.load, statements(MESSAGE, body)).text},
        params=("watermark",),
        captures=("window_low", "window_high"),
    )


def _number(ctx: Context, action: FreezeWindow) -> Sql:
    if action.interval.type.native == "rowversion":
        # Below it no transaction can still commit: min-active-rowversion-transact-sql.
        high = Sql("CONVERT(bigint, MIN_ACTIVE_ROWVERSION())")
    else:
        template = "CONVERT(bigint, MAX(<<column>>)) + 1 FROM <<table>>"
        whole = word(table(names.source(ctx.load.read.endpoint.table)))
        high = frame(template, column=word(column(action.interval.column)), table=whole)
    seconds = int(action.lag or 0)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return frame(
        _NUMBER,
        high=high,
        wait=frame("  WAITFOR DELAY <<clock>>;\n", clock=literal(clock)) if seconds else Sql(""),
        least=Sql(f"CONVERT(bigint, {lowest(action.interval.type)})"),
        lookback=Sql(str(int(action.lookback))),
        nulls=_no_null_cursor(ctx, action),
    )


def _time(ctx: Context, action: FreezeWindow) -> Sql:
    type_ = action.interval.type
    native = "date" if type_.kind is Kind.DATE else "datetimeoffset(7)" if type_.tz else "datetime2(7)"
    back = int(action.lookback)
    mark = word(bound(parameter("watermark"), type_, type_))
    unit, span = ("day", -(-back // 86400)) if type_.kind is Kind.DATE else ("second", back)
    return frame(
        _TIME,
        type=Sql(native),
        horizon=_horizon(type_, int(action.lag or 0)),
        least=word(least_value(type_, type_)),
        mark=mark,
        low=frame("DATEADD(<<unit>>, <<span>>, @dp_mark)", unit=Sql(unit), span=Sql(str(-span))),
        nulls=_no_null_cursor(ctx, action),
        low_text=_text(type_, "@dp_low"),
        high_text=_text(type_, "@dp_high"),
    )


def _horizon(type_: DataType, lag: int) -> Sql:
    """Now less the lag, floored to a second. A wall clock may be the server's or UTC: the earlier one is safe for both."""
    if type_.tz:
        now = Sql("SYSDATETIMEOFFSET()")
        return frame("DATEADD(second, <<lag>>, <<now>>)", lag=Sql(str(-lag)), now=now)
    now = Sql("CASE WHEN SYSDATETIME() < SYSUTCDATETIME() THEN SYSDATETIME() ELSE SYSUTCDATETIME() END")
    early = frame("DATEADD(second, <<lag>>, <<now>>)", lag=Sql(str(-lag)), now=now)
    if type_.kind is Kind.DATE:
        return frame("CONVERT(date, <<early>>)", early=early)
    return frame("CONVERT(datetime2(0), DATEADD(millisecond, -500, <<early>>))", early=early)


def _text(type_: DataType, name: str) -> Sql:
    if type_.kind is Kind.DATE:
        return word(convert("nvarchar(10)", parameter(name.lstrip("@")), 23))
    value = parameter(name.lstrip("@"))
    if type_.tz:
        wall = convert("datetime2(7)", shape("SWITCHOFFSET(:value, '+00:00')", value=value))
        return frame("<<text>> + N'+00:00'", text=word(convert("nvarchar(27)", wall, 121)))
    return word(convert("nvarchar(27)", value, 121))


def _no_null_cursor(ctx: Context, action: FreezeWindow) -> Sql:
    """No window holds a NULL: without a policy that reads such rows they would be left out for ever, so the run stops."""
    interval, facts = action.interval, ctx.facts.source_table
    known = facts.structure.column(interval.column) if facts is not None else None
    if interval.include_null or (known is not None and not known.nullable):
        return Sql("")
    ref = ctx.load.read.endpoint.table
    conditions: list[exp.Expression] = [exp.Is(this=column(interval.column), expression=exp.Null())]
    if isinstance(ctx.load.read.where, ParsedSql):
        conditions.append(opaque(ctx.load.read.where))
    message = f"rows of {ref} have NULL in the cursor {interval.column}, and no window would ever read them"
    return frame(
        _NULL_CURSOR,
        table=word(table(names.source(ref))),
        where=frame(" WHERE <<c>>", c=word(cast(exp.Expression, exp.and_(*conditions)))),
        refuse=refuse(
            "DP508", "fill the column, filter the rows out, or say cursor.nulls: always_read", literal(message)
        ),
    )
