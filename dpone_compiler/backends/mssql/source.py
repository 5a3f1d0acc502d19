"""SQL Server as a source: the selection, its window, its fingerprint and its extraction as lines.

Fingerprint and extraction share a SNAPSHOT transaction where the database allows it; the runtime asks. Without it a READ COMMITTED
scan may miss rows that move meanwhile: the fingerprint then differs and the run stops before the target is touched.
https://learn.microsoft.com/en-us/sql/t-sql/statements/set-transaction-isolation-level-transact-sql
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.canonical import digest_pair, row_hash
from dpone_compiler.backends.mssql.drift import check_table
from dpone_compiler.backends.mssql.losses import offends
from dpone_compiler.backends.mssql.predicates import MssqlPredicates, bound, in_scope, least_value, lowest
from dpone_compiler.backends.mssql.projection import digest_values, framed, held_value, parsed, row_line, source_value
from dpone_compiler.backends.mssql.script import MESSAGE, batch, literal, refuse, sql, statements, word
from dpone_compiler.backends.mssql.shapes import convert, parameter, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.plan.actions import CheckTable, FingerprintSource, FreezeWindow, Selection, Transfer
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Step
from dpone_compiler.plan.value_actions import CheckValues, counted
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.mssql_native import NativeTypeError
from dpone_compiler.sql.predicates import interval_predicate, partition_predicate
from dpone_compiler.sql.render import Sql, frame, join

_LOCK = "row versions under SNAPSHOT, which nobody waits for; S locks under READ COMMITTED without row versions"
_WIRES = ("tsv", "text", "json")
_NO_UTF8 = (
    "the content of a load into {sink} is compared as UTF-8, which SQL Server has from 2019 (15.x) on; "
    "say policies.reconcile: keys or counts"
)

_EXTRACT = """\
SELECT <<line>> AS [line]
  FROM <<table>><<where>>;
"""

_FINGERPRINT = """\
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], <<a>> AS [source_a], <<b>> AS [source_b]
  FROM (
    SELECT <<hash>> AS [h]
      FROM (SELECT <<values>>
              FROM <<table>><<where>>) AS [v]
  ) AS [d];
"""

_COUNT = """\
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM <<table>><<where>>;
"""

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

_INSTANT = """\
SELECT N'' AS [window_low], CONVERT(nvarchar(26), CONVERT(datetime2(6), SYSUTCDATETIME()), 121) + N'+00:00' AS [window_high];
"""

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
                return Lowered(op="query", bodies={"main": _INSTANT}, captures=("window_low", "window_high"))
            case FingerprintSource():
                return _fingerprint(ctx, action)
            case CheckValues():
                return check_values(ctx, action)
            case Transfer():
                return _extract(ctx, action)
            case _:
                return Unsupported(f"{type(action).__name__} is not done on the source")
    except NativeTypeError as error:
        return Unsupported(str(error))


def _extract(ctx: Context, action: Transfer) -> Lowered | Unsupported:
    if action.wire not in _WIRES:
        return Unsupported(f"SQL Server does not send the wire format {action.wire!r}")
    selection = action.selection
    body = frame(
        _EXTRACT if not selection.distinct else _EXTRACT.replace("SELECT <<line>>", "SELECT DISTINCT <<line>>"),
        line=row_line(selection.columns, action.wire, ctx.sink.name),
        table=_table(selection),
        where=_where(ctx, selection),
    )
    return Lowered(op="transfer", bodies={"extract": body.text}, params=selection_params(selection), locks=(_LOCK,))


def _fingerprint(ctx: Context, action: FingerprintSource) -> Lowered | Unsupported:
    selection = action.selection
    pieces = {"table": _table(selection), "where": _where(ctx, selection)}
    if action.level == "counts":
        body = frame(_COUNT, **pieces)
    else:
        if ctx.sink.name != "mssql" and not _has_utf8(ctx):
            return Unsupported(_NO_UTF8.replace("{sink}", ctx.sink.name))
        values = digest_values(selection.columns, ctx.sink.name)
        places = [Sql(f"[c{number}]") for number in range(len(values))]
        named = [frame("<<v>> AS <<n>>", v=value, n=place) for value, place in zip(values, places, strict=True)]
        first, second = digest_pair()
        body = frame(
            _FINGERPRINT,
            a=first,
            b=second,
            hash=row_hash([framed(place) for place in places]),
            values=join(",\n                   ", named),
            **pieces,
        )
    return Lowered(
        op="query",
        bodies={"main": body.text},
        params=selection_params(selection),
        captures=("source_rows", "source_a", "source_b"),
        locks=(_LOCK,),
    )


_OFFENDERS = """\
  DECLARE @dp_found nvarchar(max) = N'';
  SELECT @dp_found = @dp_found + N'; ' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT <<counts>>
            FROM <<table>><<where>>) AS [counted]
   CROSS APPLY (VALUES
      <<told>>
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
  IF @dp_found <> N''
<<refuse>>"""


def check_values(ctx: Context, action: CheckValues) -> Lowered:
    """DP524: one pass over the selection that counts the offenders of every column."""
    counts: list[Sql] = []
    told: list[Sql] = []
    for moved, loss in counted(action.selection):
        name = Sql(f"[n{len(counts)}]")
        condition = word(offends(loss, source_value(moved), moved.source.type))
        counts.append(frame("COUNT_BIG(CASE WHEN <<condition>> THEN 1 END) AS <<n>>", condition=condition, n=name))
        before, after = f'column "{moved.source.name}": ', f" values ({loss.says}); policy {moved.lossy}"
        told.append(frame("(<<a>>, [counted].<<n>>, <<b>>)", a=literal(before), n=name, b=literal(after)))
    hint = "correct them, change the type of the target, or say lossy: null, clamp or text for the column"
    body = frame(
        _OFFENDERS,
        counts=join(",\n                 ", counts),
        table=_table(action.selection),
        where=_where(ctx, action.selection),
        told=join(",\n      ", told),
        refuse=refuse("DP524", hint, literal("values that the target cannot hold"), Sql("@dp_found")),
    )
    return Lowered(
        op="sql",
        bodies={"main": batch(ctx.load, statements(MESSAGE, body)).text},
        params=selection_params(action.selection),
        locks=(_LOCK,),
    )


def _has_utf8(ctx: Context) -> bool:
    engine = ctx.facts.source_engine
    if engine is None or not engine.version:
        return True
    return engine.version[0] >= 15 or dict(engine.settings).get("engine_edition") in ("5", "8", "12")


def _table(selection: Selection) -> Sql:
    return word(table(names.source(selection.table)))


def _where(ctx: Context, selection: Selection) -> Sql:
    """The selection's rows. No alias: the manifest's filter names bare columns."""
    conditions: list[exp.Expression] = []
    conditions += _chosen(selection)
    if selection.interval is not None:
        bare = column(selection.interval.column)
        conditions.append(interval_predicate(selection.interval, bare, MssqlPredicates()))
    if selection.scope is not None:
        scope = selection.scope
        conditions.append(in_scope(scope, column(scope.column), scope.type))
    if selection.partitions is not None:
        conditions.append(_partition_condition(ctx, selection, selection.partitions))
    if not conditions:
        return Sql("")
    return frame("\n WHERE <<conditions>>", conditions=sql(_all(conditions)))


def _chosen(selection: Selection) -> list[exp.Expression]:
    """What filter and tombstone ask of a row, or (`negate_filter`) what is true of the rows that they leave out."""
    wanted, gone = ([parsed(sql_)] if sql_ is not None else [] for sql_ in (selection.where, selection.tombstone))
    unless = "CASE WHEN :each THEN 0 ELSE 1 END = 1"
    if not selection.negate_filter:
        return [*wanted, *(shape(unless, each=each) for each in gone)]
    out = [*(shape(unless, each=each) for each in wanted), *gone]
    return [exp.Paren(this=exp.or_(*out)) if len(out) > 1 else each for each in out[:1]]


def _all(conditions: list[exp.Expression]) -> exp.Expression:
    return cast(exp.Expression, exp.and_(*conditions))


def _partition_condition(ctx: Context, selection: Selection, partitions: PartitionSet) -> exp.Expression:
    """The set names a source column; its values are those of the target's column, so a conversion comes before the test."""
    everything = ctx.load.decisions.columns
    moved = (*selection.columns, *everything) if isinstance(everything, tuple) else selection.columns
    found = next((m for m in moved if m.source.name == partitions.column), None)
    if found is None:
        return partition_predicate(partitions, column(partitions.column), MssqlPredicates())
    if found.sql is None and found.source.type.kind is found.target.type.kind:
        return partition_predicate(partitions, source_value(found), MssqlPredicates())
    value, type_ = held_value(found)
    return partition_predicate(replace(partitions, type=type_), value, MssqlPredicates())


def selection_params(selection: Selection) -> tuple[str, ...]:
    """The run parameters that a selection's predicates read."""
    ends = (selection.interval.low, selection.interval.high) if selection.interval else ()
    partitions = (selection.partitions.parameter,) if selection.partitions else ()
    return (*(end for end in ends if end), *partitions, *(selection.scope.params if selection.scope else ()))


def _freeze(ctx: Context, action: FreezeWindow) -> Lowered | Unsupported:
    """The query that gives window_low and window_high."""
    type_ = action.interval.type
    if type_.kind is Kind.INT:
        if action.lag is None and type_.native != "rowversion":
            return Unsupported(
                "a cursor that is a number needs a declared cursor.lag on SQL Server, or a rowversion column"
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
        conditions.append(parsed(ctx.load.read.where))
    message = f"rows of {ref} have NULL in the cursor {interval.column}, and no window would ever read them"
    return frame(
        _NULL_CURSOR,
        table=word(table(names.source(ref))),
        where=frame(" WHERE <<c>>", c=word(_all(conditions))),
        refuse=refuse(
            "DP508", "fill the column, filter the rows out, or say cursor.nulls: always_read", literal(message)
        ),
    )
