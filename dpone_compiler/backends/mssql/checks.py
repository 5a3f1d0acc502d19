"""Checks of staging: batches that throw our code, so that sqlcmd -b and drivers fail alike."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.predicates import PREDICATES
from dpone_compiler.backends.mssql.script import MESSAGE, inside, literal, refuse, sql, statements
from dpone_compiler.backends.mssql.shapes import shape
from dpone_compiler.backends.mssql.staging import count_and_digest, staging_sql
from dpone_compiler.plan.actions import (
    CheckDuplicateKeys,
    CheckNotEmpty,
    CheckNullKeys,
    CheckPartitionValues,
    CheckStagedRows,
    Staging,
)
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.predicates import any_null, partition_predicate
from dpone_compiler.sql.render import Sql, frame

_COUNT = """\
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
<<count>>
  IF @dp_staged <> CONVERT(bigint, @source_rows)
<<refuse>><<content>>"""

_CONTENT = """
  IF @dp_digest <> CONCAT(@source_a, ':', @source_b)
<<refuse>>
  EXEC sys.sp_set_session_context @key = <<key>>, @value = @dp_digest;"""

_EMPTY = """\
  IF NOT EXISTS (SELECT 1 FROM <<staging>>)
<<refuse>>"""

_VIOLATIONS = """\
  DECLARE @dp_wrong bigint;
  SELECT @dp_wrong = COUNT_BIG(*) FROM (
<<query>>
  ) AS [violations];
  IF @dp_wrong > 0
<<refuse>>"""


def check_staged_rows(ctx: Context, action: CheckStagedRows) -> Lowered:
    """Count, and at level content the digest, against what the source's snapshot said."""
    content = action.level in ("content", "full")
    count = frame("  SELECT @dp_staged = COUNT_BIG(*) FROM <<staging>>;", staging=staging_sql(ctx, action.staging))
    differs = refuse(
        "DP501",
        "nothing reached the target; run again",
        literal("the source sent "),
        Sql("@source_rows"),
        literal(" rows, staging holds "),
        Sql("@dp_staged"),
    )
    body = frame(
        _COUNT,
        count=count_and_digest(ctx, action.staging) if content else count,
        refuse=differs,
        content=_content(action.staging) if content else Sql(""),
    )
    params = ("source_rows", "source_a", "source_b") if content else ("source_rows",)
    return Lowered(op="sql", bodies={"main": inside(ctx.load, statements(MESSAGE, body)).text}, params=params)


def _content(staging: Staging) -> Sql:
    other = refuse(
        "DP501",
        "a value changed on its way: see the types in plan.md for the columns that may lose something",
        literal("staging holds as many rows as the source sent, and not the same ones"),
    )
    return frame(_CONTENT, refuse=other, key=literal(names.proved(staging)))


def check_not_empty(ctx: Context, action: CheckNotEmpty) -> Lowered:
    """DP502."""
    empty = refuse(
        "DP502", "if that is right, say policies.empty_slice: keep or clear", literal("the source gave no row")
    )
    body = frame(_EMPTY, staging=staging_sql(ctx, action.staging), refuse=empty)
    return Lowered(op="sql", bodies={"main": inside(ctx.load, statements(MESSAGE, body)).text})


def check_null_keys(ctx: Context, action: CheckNullKeys) -> Lowered:
    """DP503."""
    query = exp.select("1 AS x").from_(table(names.staging(ctx, action.staging))).where(any_null(action.key))
    return violations(
        ctx, query, "DP503", " staged rows have NULL in the key", "fix the source, or say policies.null_keys: skip"
    )


def check_duplicate_keys(ctx: Context, action: CheckDuplicateKeys) -> Lowered:
    """DP504: GROUP BY compares as the target's own collation does, since staging has it too: it may call 'a' and 'A ' one key."""
    keys = [column(k) for k in action.key]
    query = (
        exp.select("1 AS x")
        .from_(table(names.staging(ctx, action.staging)))
        .group_by(*keys)
        .having(exp.GT(this=exp.Count(this=exp.Star(), big_int=True), expression=exp.Literal.number(1)))
    )
    return violations(
        ctx,
        query,
        "DP504",
        " keys occur more than once in staging, as the target's collation compares them",
        "fix the key or the source, or say policies.staging_duplicates: latest",
    )


def check_partition_values(ctx: Context, action: CheckPartitionValues) -> Lowered:
    """DP506: a staged row outside of the partitions that will be replaced would be added to rows that stay."""
    value = column(action.partitioning.column, "s")
    wrong: list[exp.Expression] = []
    if action.partitioning.nulls != "own":
        wrong.append(exp.Is(this=value, expression=exp.Null()))
    if action.partitions is not None:
        inside_ = partition_predicate(action.partitions, value, PREDICATES)
        wrong.append(shape("CASE WHEN :inside THEN 0 ELSE 1 END = 1", inside=inside_))  # unknown is outside, too
    query = exp.select("1 AS x").from_(table(names.staging(ctx, action.staging), "s"))
    query = query.where(exp.or_(*wrong)) if wrong else query.where("1 = 0")
    lowered = violations(
        ctx,
        query,
        "DP506",
        " staged rows have no partition of this run",
        "their partition value is NULL, or changed in the source after the partitions were found; run again",
    )
    params = (action.partitions.parameter,) if action.partitions is not None else ()
    return Lowered(op="sql", bodies=lowered.bodies, params=params)


def violations(ctx: Context, query: exp.Select, code: str, message: str, hint: str) -> Lowered:
    """Refuse when the query gives a row."""
    wrong = refuse(code, hint, Sql("@dp_wrong"), literal(message))
    body = frame(_VIOLATIONS, query=sql(query), refuse=wrong)
    return Lowered(op="sql", bodies={"main": inside(ctx.load, statements(MESSAGE, body)).text})
