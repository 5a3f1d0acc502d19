"""What leaves a SQL Server source: the rows as lines, their fingerprint, and the count of the values that do not survive.

`extract` is for the runtime, whose transaction holds all three together. bcp opens a session for each call, so `queryout` is one
statement that gives all three: a statement sees one version of the data under SNAPSHOT, and under READ COMMITTED with row versions.
Its lines begin with '=' (a row), '#' (count and digests) or '!' (values that do not survive). The sign keeps an empty line from being
written as NUL, and a row that begins with U+FEFF from being taken for the mark of the file's byte order.
https://learn.microsoft.com/en-us/sql/tools/bcp-utility
"""

from __future__ import annotations

from dpone_compiler.backends.mssql.canonical import digest_pair, row_hash
from dpone_compiler.backends.mssql.held import source_value
from dpone_compiler.backends.mssql.losses import offends
from dpone_compiler.backends.mssql.projection import digest_values, framed, incomparable, row_line
from dpone_compiler.backends.mssql.script import MESSAGE, batch, literal, refuse, statements, word
from dpone_compiler.backends.mssql.selection import selected_rows, selected_table, selection_params
from dpone_compiler.plan.actions import FingerprintSource, Selection, Transfer
from dpone_compiler.plan.step import Step
from dpone_compiler.plan.value_actions import CheckValues, counted
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.render import Sql, frame, join

_LOCK = "row versions under SNAPSHOT, which nobody waits for; S locks under READ COMMITTED without row versions"
_WIRES = ("tsv", "text", "json")
_NO_UTF8 = (
    "the content of a load into {sink} is compared as UTF-8, which SQL Server has from 2019 (15.x) on; "
    "say policies.reconcile: keys or counts"
)

_ROWS = """\
SELECT <<line>> AS [line]
  FROM <<table>><<where>>"""

_FINGERPRINT = """\
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], <<a>> AS [source_a], <<b>> AS [source_b]
  FROM (
    SELECT <<hash>> AS [h]
      FROM (SELECT <<values>>
              FROM <<table>><<where>>) AS [v]
  ) AS [d]"""

_COUNT = """\
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM <<table>><<where>>"""

_COUNT_LINES = """\
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM (
<<rows>>) AS [d]"""

# COUNT_BIG of a CASE without ELSE would warn of each NULL that it leaves out (8153).
_COUNTED = "COALESCE(SUM(CONVERT(bigint, CASE WHEN <<condition>> THEN 1 ELSE 0 END)), 0) AS <<n>>"
_OFFENDERS = """\
    FROM (SELECT <<counts>>
            FROM <<table>><<where>>) AS [counted]
   CROSS APPLY (VALUES
      <<told>>
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0"""

_REFUSED = """\
  DECLARE @dp_found nvarchar(max) = N'';
  SELECT @dp_found = @dp_found + N'; ' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
<<offenders>>;
  IF @dp_found <> N''
<<refuse>>"""

_QUERYOUT = """\
SELECT N'=' + [r].[line] AS [line]
  FROM (
<<rows>>) AS [r]
 UNION ALL
SELECT N'#' + [f].[source_rows] + NCHAR(31) + [f].[source_a] + NCHAR(31) + [f].[source_b]
  FROM (
<<fingerprint>>) AS [f]<<offenders>>;
"""

_OFFENDING = """
 UNION ALL
SELECT N'!' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
<<offenders>>"""


def extract(ctx: Context, step: Step, action: Transfer) -> Lowered | Unsupported:
    """The rows as lines: for the runtime (`extract`), and with all that proves them for bcp (`queryout`)."""
    if action.wire not in _WIRES:
        return Unsupported(f"SQL Server does not send the wire format {action.wire!r}")
    rows = _rows(ctx, action)
    proof = _in_snapshot(ctx, step)
    fingerprint = next((_fingerprint(ctx, each) for each in proof if isinstance(each, FingerprintSource)), None)
    if isinstance(fingerprint, Unsupported):
        return fingerprint
    found = [_offenders(ctx, each.selection) for each in proof if isinstance(each, CheckValues)]
    queryout = frame(
        _QUERYOUT,
        rows=rows,
        fingerprint=fingerprint or _count(ctx, action.selection, rows),
        offenders=join("", [frame(_OFFENDING, offenders=each) for each in found]),
    )
    return Lowered(
        op="transfer",
        bodies={"extract": frame("<<rows>>;\n", rows=rows).text, "queryout": queryout.text},
        params=selection_params(action.selection),
        locks=(_LOCK,),
    )


def _rows(ctx: Context, action: Transfer) -> Sql:
    selection = action.selection
    return frame(
        _ROWS if not selection.distinct else _ROWS.replace("SELECT <<line>>", "SELECT DISTINCT <<line>>"),
        line=row_line(selection.columns, action.wire, ctx.sink.name),
        table=selected_table(selection),
        where=selected_rows(ctx, selection),
    )


def _count(ctx: Context, selection: Selection, rows: Sql) -> Sql:
    if selection.distinct:
        return frame(_COUNT_LINES, rows=rows)
    return frame(_COUNT, table=selected_table(selection), where=selected_rows(ctx, selection))


def _in_snapshot(ctx: Context, step: Step) -> list[object]:
    """The actions that share the transfer's view of the source."""
    return [each.action for each in ctx.plan.steps if step.snapshot and each.snapshot == step.snapshot]


def fingerprint(ctx: Context, action: FingerprintSource) -> Lowered | Unsupported:
    """Count and digests of the selection."""
    body = _fingerprint(ctx, action)
    if isinstance(body, Unsupported):
        return body
    return Lowered(
        op="query",
        bodies={"main": frame("<<body>>;\n", body=body).text},
        params=selection_params(action.selection),
        captures=("source_rows", "source_a", "source_b"),
        locks=(_LOCK,),
    )


def _fingerprint(ctx: Context, action: FingerprintSource) -> Sql | Unsupported:
    selection = action.selection
    pieces = {"table": selected_table(selection), "where": selected_rows(ctx, selection)}
    if action.level == "counts":
        return frame(_COUNT, **pieces)
    if ctx.sink.name != "mssql" and not _has_utf8(ctx):
        return Unsupported(_NO_UTF8.replace("{sink}", ctx.sink.name))
    if ctx.sink.name != "mssql" and (why := incomparable(selection.columns)):
        return Unsupported(why)
    values = digest_values(selection.columns, ctx.sink.name)
    places = [Sql(f"[c{number}]") for number in range(len(values))]
    named = [frame("<<v>> AS <<n>>", v=value, n=place) for value, place in zip(values, places, strict=True)]
    first, second = digest_pair()
    return frame(
        _FINGERPRINT,
        a=first,
        b=second,
        hash=row_hash([framed(place) for place in places]),
        values=join(",\n                   ", named),
        **pieces,
    )


def check_values(ctx: Context, action: CheckValues) -> Lowered:
    """DP524: one pass over the selection that counts the offenders of every column."""
    hint = "correct them, change the type of the target, or say lossy: null, clamp or text for the column"
    body = frame(
        _REFUSED,
        offenders=_offenders(ctx, action.selection),
        refuse=refuse("DP524", hint, literal("values that the target cannot hold"), Sql("@dp_found")),
    )
    return Lowered(
        op="sql",
        bodies={"main": batch(ctx.load, statements(MESSAGE, body)).text},
        params=selection_params(action.selection),
        locks=(_LOCK,),
    )


def _offenders(ctx: Context, selection: Selection) -> Sql:
    """FROM … WHERE: a row `e` for each column and loss that has offenders."""
    counts: list[Sql] = []
    told: list[Sql] = []
    for moved, loss in counted(selection):
        name = Sql(f"[n{len(counts)}]")
        condition = word(offends(loss, source_value(moved), moved.source.type))
        counts.append(frame(_COUNTED, condition=condition, n=name))
        before, after = f'column "{moved.source.name}": ', f" values ({loss.says}); policy {moved.lossy}"
        told.append(frame("(<<a>>, [counted].<<n>>, <<b>>)", a=literal(before), n=name, b=literal(after)))
    return frame(
        _OFFENDERS,
        counts=join(",\n                 ", counts),
        table=selected_table(selection),
        where=selected_rows(ctx, selection),
        told=join(",\n      ", told),
    )


def _has_utf8(ctx: Context) -> bool:
    engine = ctx.facts.source_engine
    if engine is None or not engine.version:
        return True
    return engine.version[0] >= 15 or dict(engine.settings).get("engine_edition") in ("5", "8", "12")
