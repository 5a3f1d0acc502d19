"""Checks of staging: DO blocks that raise our code as SQLSTATE, so that psql and drivers fail alike."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.predicates import PREDICATES
from dpone_compiler.backends.postgres.script import beside_columns, do_block, literal, sql, word
from dpone_compiler.backends.postgres.staging import proved, staging_sql
from dpone_compiler.backends.postgres.stored import count_and_digest
from dpone_compiler.expr.types import Kind
from dpone_compiler.plan.actions import (
    CheckDuplicateKeys,
    CheckNotEmpty,
    CheckNullKeys,
    CheckPartitionValues,
    CheckStagedRows,
)
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.predicates import any_null, partition_predicate
from dpone_compiler.sql.render import Sql, frame

_COUNT = """\
<<count>>
  IF staged <> current_setting('dponec.source_rows')::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = format('the source sent %s rows, staging holds %s', current_setting('dponec.source_rows'), staged),
      HINT = 'nothing reached the target; run again';
  END IF;<<content>>
  PERFORM set_config(<<proved>>, concat_ws(' ', staged, found), true);"""

_CONTENT = """
  IF found IS DISTINCT FROM current_setting('dponec.source_a') || ':' || current_setting('dponec.source_b') THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = 'staging holds as many rows as the source sent, and not the same ones',
      HINT = 'a value changed on its way: see types.md of this plan for the columns that may lose something';
  END IF;"""

_EMPTY = """\
  IF NOT EXISTS (SELECT FROM <<staging>>) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP502', MESSAGE = 'the source gave no row',
      HINT = 'if that is right, say policies.empty_slice: keep or clear';
  END IF;"""

_VIOLATIONS = """\
  SELECT count(*) INTO wrong FROM (
<<query>>
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = <<code>>, MESSAGE = format(<<message>>, wrong), HINT = <<hint>>;
  END IF;"""

# Sorting bare values is several times cheaper than grouping rows; which keys they are is asked only when there are some.
_SUSPECTED = """\
  IF (SELECT count(<<key>>) > count(DISTINCT <<key>>) FROM <<staging>> AS "s") THEN
<<violations>>
  END IF;"""

_WRONG = beside_columns(Sql("  wrong bigint;"))
_SORTED = (Kind.INT, Kind.UUID, Kind.DATE, Kind.TIMESTAMP)  # types whose equality needs no collation


def check_staged_rows(ctx: Context, action: CheckStagedRows) -> Lowered:
    """Count, and at level content the digest, against what the source's snapshot said."""
    content = action.level in ("content", "full")
    count = frame("  SELECT count(*) INTO staged FROM <<staging>>;", staging=staging_sql(ctx, action.staging))
    if content:
        count = count_and_digest(ctx, action.staging, "staged, found")
    body = frame(_COUNT, count=count, content=Sql(_CONTENT if content else ""), proved=literal(proved(action.staging)))
    params = ("source_rows", "source_a", "source_b") if content else ("source_rows",)
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, beside_columns(Sql("  staged bigint;\n  found text;"))).text + "\n"},
        params=params,
    )


def check_not_empty(ctx: Context, action: CheckNotEmpty) -> Lowered:
    """DP502."""
    return Lowered(
        op="sql", bodies={"main": do_block(frame(_EMPTY, staging=staging_sql(ctx, action.staging))).text + "\n"}
    )


def check_null_keys(ctx: Context, action: CheckNullKeys) -> Lowered:
    """DP503."""
    query = exp.select("1").from_(table(names.staging(ctx, action.staging))).where(any_null(action.key))
    return refusing(
        query, "DP503", "%s staged rows have NULL in the key", "fix the source, or say policies.null_keys: skip"
    )


def check_duplicate_keys(ctx: Context, action: CheckDuplicateKeys) -> Lowered:
    """DP504: GROUP BY compares as the target's own collation does, since staging has it too."""
    keys = [column(k) for k in action.key]
    query = (
        exp.select("1")
        .from_(table(names.staging(ctx, action.staging)))
        .group_by(*keys)
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1)))
    )
    return refusing(
        query,
        "DP504",
        "%s keys occur more than once in staging",
        "fix the key or the source, or say policies.staging_duplicates: latest",
        lambda violations: _suspected(ctx, action, violations),
    )


def _suspected(ctx: Context, action: CheckDuplicateKeys, violations: Sql) -> Sql:
    kinds = [m.target.type.kind for m in action.staging.columns if m.target.name in action.key]
    if len(action.key) != 1 or not all(kind in _SORTED for kind in kinds):
        return violations
    key = word(column(action.key[0], "s"))
    return frame(_SUSPECTED, key=key, staging=staging_sql(ctx, action.staging), violations=violations)


def check_partition_values(ctx: Context, action: CheckPartitionValues) -> Lowered:
    """DP506: a staged row outside of the partitions that will be replaced would be added to rows that stay."""
    value = column(action.partitioning.column)
    wrong: list[exp.Expression] = []
    if action.partitioning.nulls != "own":
        wrong.append(exp.Is(this=value, expression=exp.Null()))
    if action.partitions is not None:
        inside = partition_predicate(action.partitions, value, PREDICATES)
        wrong.append(exp.Not(this=exp.Coalesce(this=exp.Paren(this=inside), expressions=[exp.false()])))
    query = (
        exp.select("1")
        .from_(table(names.staging(ctx, action.staging)))
        .where(exp.or_(*wrong) if wrong else exp.false())
    )
    lowered = refusing(
        query,
        "DP506",
        "%s staged rows have no partition of this run",
        "their partition value is NULL, or changed in the source after the partitions were found; run again",
    )
    params = (action.partitions.parameter,) if action.partitions is not None else ()
    return Lowered(op="sql", bodies=lowered.bodies, params=params)


def refusing(
    query: exp.Select, code: str, message: str, hint: str, when: Callable[[Sql], Sql] = lambda b: b
) -> Lowered:
    """A check that raises `code` when the query gives rows; `when` may put a cheaper question before it."""
    body = frame(_VIOLATIONS, query=sql(query), code=literal(code), message=literal(message), hint=literal(hint))
    return Lowered(op="sql", bodies={"main": do_block(when(body), _WRONG).text + "\n"})
