"""The affected partitions: those of the changed rows, and those where their keys live in the target now."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.predicates import partition_text
from dpone_compiler.backends.postgres.script import do_block, literal, sql, statements
from dpone_compiler.plan.actions import FindPartitions
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.predicates import key_match
from dpone_compiler.sql.render import Sql, frame

_FIND = """\
  SELECT count(*), coalesce(jsonb_agg(v ORDER BY v), '[]'::jsonb)::text INTO affected, listed FROM (
<<query>>
  ) AS found (v)<<nulls>>;
  IF affected > <<most>>::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP505',
      MESSAGE = format('%s partitions are affected, the plan allows %s', affected, <<most>>),
      HINT = 'nothing was changed; raise partition.max_partitions, or load in smaller windows';
  END IF;<<empty>>
  PERFORM set_config('dponec.partitions', listed, true);"""

_EMPTY = """
  IF affected = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP502', MESSAGE = 'no partition is affected: the source gave no row',
      HINT = 'if that is right, say policies.empty_slice: keep or clear';
  END IF;"""


def find_partitions(ctx: Context, action: FindPartitions) -> Lowered:
    """Captures `partitions`; more than the maximum is DP505, none is DP502 unless the policy allows it."""
    fails = ctx.load.write.policies.empty_slice == "fail"
    body = frame(
        _FIND,
        query=sql(_affected(ctx, action)),
        nulls=Sql("" if action.partitions.include_null else " WHERE v IS NOT NULL"),
        most=literal(str(action.partitioning.max_partitions)),
        empty=Sql(_EMPTY if fails else ""),
    )
    result = Sql("SELECT current_setting('dponec.partitions') AS partitions;\n")
    return Lowered(
        op="query",
        bodies={"main": statements(do_block(body, Sql("  affected bigint;\n  listed text;")), result).text},
        captures=("partitions",),
        locks=("ACCESS SHARE on the target",),
        max_items=action.partitioning.max_partitions,
    )


def _affected(ctx: Context, action: FindPartitions) -> exp.Expression:
    partitions = action.partitions
    delta, target = table(names.staging(ctx, action.delta), "s"), table(names.target(ctx.load), "t")

    def values(alias: str) -> exp.Expression:
        return partition_text(column(partitions.column, alias), partitions.unit, partitions.type)

    changed = exp.Select(expressions=[values("s")]).from_(delta)
    there = exp.Select(expressions=[values("t")]).from_(target)
    if action.whole:
        return exp.union(changed, there)
    if not action.key:
        return changed.distinct()
    return exp.union(
        changed,
        there.where(exp.Exists(this=exp.select("1").from_(delta.copy()).where(key_match(action.key, "t", "s")))),
    )
