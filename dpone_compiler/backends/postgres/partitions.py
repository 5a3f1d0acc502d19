"""The affected partitions: those of the changed rows, and those where their keys live in the target now."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.predicates import comparable_type, from_wall, has_unit, partition_text
from dpone_compiler.backends.postgres.script import do_block, literal, sql, statements, word
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.plan.actions import CheckPartitionList, FindPartitions
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table, text
from dpone_compiler.sql.postgres_native import cast
from dpone_compiler.sql.predicates import PARTITION_FORMS, key_match
from dpone_compiler.sql.render import Sql, frame

_FIND = """\
  SELECT count(*), coalesce(jsonb_agg(v ORDER BY v), '[]'::jsonb)::text INTO affected, listed FROM (
<<query>>
  ) AS found (v);<<unnamed>><<nulls>>
  IF affected > <<most>>::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP505',
      MESSAGE = format('%s partitions are affected, the plan allows %s', affected, <<most>>),
      HINT = 'nothing was changed; raise partition.max_partitions, or load in smaller windows';
  END IF;<<empty>>
  PERFORM set_config('dponec.partitions', listed, true);"""

_NULLS = """
  IF listed::jsonb @> '[null]'::jsonb THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = 'affected rows have NULL in the partition column',
      HINT = 'fill the column, filter the rows out, or say partition.nulls: own';
  END IF;"""

# What to_char writes of a year before the first is the same year after it, and of an infinity nothing.
_UNNAMED = """
  IF listed::jsonb @> '["-"]' THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = 'affected rows lie before the year 1 or at infinity, where no partition has a name',
      HINT = 'nothing was changed; correct these values, or filter the rows out';
  END IF;"""

_EMPTY = """
  IF affected = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP502', MESSAGE = 'no partition is affected: the source gave no row',
      HINT = 'if that is right, say policies.empty_slice: keep or clear';
  END IF;"""


# A list that is given by people. A value that the engine cannot read raises a data exception, which is an answer here.
_LISTED = """\
  listed := coalesce(nullif(current_setting('dponec.partitions'), ''), '[]')::jsonb;
  IF jsonb_typeof(listed) <> 'array' OR jsonb_array_length(listed) = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = 'no partition is named', HINT = 'name each with --partition';
  END IF;
  IF jsonb_array_length(listed) > <<most>>::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP505',
      MESSAGE = format('%s partitions are named, the plan allows %s', jsonb_array_length(listed), <<most>>),
      HINT = 'nothing was changed; raise partition.max_partitions, or name fewer';
  END IF;
  FOR v IN SELECT e.v FROM jsonb_array_elements_text(listed) AS e (v) LOOP
    BEGIN
      good := <<good>>;
    EXCEPTION WHEN data_exception THEN
      good := false;
    END;
    IF good IS NOT TRUE THEN
      RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = format('%L is no partition: %s', v, <<form>>),
        HINT = 'nothing was changed; name each partition by its own value';
    END IF;
  END LOOP;<<watermark>>"""

_LOADED = """
  IF current_setting('dponec.watermark') = '' THEN
    RAISE EXCEPTION USING ERRCODE = 'DP429', MESSAGE = 'the load has no watermark, so nothing says which rows it has loaded',
      HINT = 'run the load once, or set it with `dponec state set`';
  END IF;"""


def check_partition_list(action: CheckPartitionList) -> Lowered:
    """DP506 for a list that is empty or names what is no partition, DP505 for one that is too long."""
    unit, type_, value = action.partitions.unit, action.partitions.type, exp.column("v")
    if has_unit(unit, type_):
        start = from_wall(exp.cast(value, "timestamp"), type_)
        good: exp.Expression = exp.EQ(this=partition_text(start, unit, type_), expression=value.copy())
    elif type_.kind in (Kind.DATE, Kind.TIMESTAMP):
        read = cast(value, comparable_type(type_))
        good = exp.EQ(this=partition_text(read, unit, type_), expression=value.copy())
    else:
        good = exp.Not(this=exp.Is(this=cast(value, comparable_type(type_)), expression=exp.Null()))
    body = frame(
        _LISTED,
        most=literal(str(action.partitioning.max_partitions)),
        good=word(good),
        form=literal(PARTITION_FORMS["day" if unit == "value" and type_.kind is Kind.DATE else unit]),
        watermark=Sql(_LOADED if action.watermark else ""),
    )
    declare = Sql("  listed jsonb;\n  v text;\n  good boolean;")
    params = (action.partitions.parameter, *(("watermark",) if action.watermark else ()))
    return Lowered(op="sql", bodies={"main": do_block(body, declare).text + "\n"}, params=params)


def find_partitions(ctx: Context, action: FindPartitions) -> Lowered:
    """Captures `partitions`; more than the maximum is DP505.

    None is DP502 only where the whole source was read: a window without changes is an ordinary run that has nothing to do.
    """
    fails = action.whole and ctx.load.write.policies.empty_slice == "fail"
    body = frame(
        _FIND,
        query=sql(_affected(ctx, action)),
        nulls=Sql("" if action.partitions.include_null else _NULLS),
        unnamed=Sql(_UNNAMED if _endless(action.partitions) else ""),
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


def _endless(partitions: PartitionSet) -> bool:
    """Whether the column can hold values that `partition_text` has no name for."""
    return partitions.type.kind in (Kind.DATE, Kind.TIMESTAMP)


def _affected(ctx: Context, action: FindPartitions) -> exp.Expression:
    partitions = action.partitions
    delta, target = table(names.staging(ctx, action.delta), "s"), table(names.target(ctx.load), "t")

    def values(alias: str) -> exp.Expression:
        value = column(partitions.column, alias)
        named = partition_text(value, partitions.unit, partitions.type)
        if not _endless(partitions):
            return named
        first = text("0001-01-01 00:00+00" if partitions.type.tz else "0001-01-01")
        unnamed = "CASE WHEN NOT isfinite(:value) OR :value < :first THEN '-' ELSE :named END"
        return shape(unnamed, value=value, first=first, named=named)

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
