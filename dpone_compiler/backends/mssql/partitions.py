"""The affected partitions: those of the changed rows, and those where their keys live in the target now.

The list is JSON text. It is put together by FOR XML, since STRING_AGG came with SQL Server 2017.
https://learn.microsoft.com/en-us/sql/t-sql/functions/string-escape-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.predicates import from_wall, has_unit, partition_text
from dpone_compiler.backends.mssql.script import MESSAGE, batch, literal, refuse, sql, statements, word
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.plan.actions import CheckPartitionList, FindPartitions
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.predicates import PARTITION_FORMS, key_match
from dpone_compiler.sql.render import Sql, frame

_FIND = """\
  DECLARE @dp_found TABLE ([v] nvarchar(450) COLLATE Latin1_General_100_BIN2 NULL);
  DECLARE @dp_count bigint, @dp_listed nvarchar(max);
  INSERT INTO @dp_found ([v])
  SELECT [found].[v] FROM (
<<query>>
  ) AS [found];
  SELECT @dp_count = COUNT_BIG(*) FROM @dp_found;<<nulls>>
  IF @dp_count > <<most>>
<<many>><<empty>>
  SET @dp_listed = (SELECT N',' + COALESCE(N'"' + STRING_ESCAPE([v], N'json') + N'"', N'null')
                      FROM @dp_found ORDER BY [v] FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  SET @dp_listed = CONCAT(N'[', STUFF(@dp_listed, 1, 1, N''), N']');"""

_FOUND = """\
  SELECT @dp_listed AS [partitions];"""

_NULLS = """
  IF EXISTS (SELECT 1 FROM @dp_found WHERE [v] IS NULL)
<<refuse>>"""

_EMPTY = """
  IF @dp_count = 0
<<refuse>>"""

# A list that is given by people. TRY_CONVERT gives NULL for what is no value, and NULL is not good.
_LISTED = """\
  DECLARE @dp_bad nvarchar(max), @dp_count bigint;
  IF COALESCE(ISJSON(NULLIF(@<<parameter>>, N'')), 0) = 0 OR LEFT(LTRIM(@<<parameter>>), 1) <> N'['
<<shape>>
  SELECT @dp_count = COUNT_BIG(*) FROM OPENJSON(@<<parameter>>);
  IF @dp_count = 0
<<none>>
  IF @dp_count > <<most>>
<<many>>
  SELECT TOP (1) @dp_bad = COALESCE(j.[value], N'null') FROM OPENJSON(@<<parameter>>) AS j
   WHERE CASE WHEN <<good>> THEN 1 ELSE 0 END = 0;
  IF @dp_bad IS NOT NULL
<<wrong>><<watermark>>"""

_LOADED = """
  IF @watermark = N''
    THROW 50429, N'DP429: the load has no watermark, so nothing says what it has loaded; run it once, or `dponec state set`', 1;"""

_SHOWN = "LEFT(@dp_bad, 100)"


def check_partition_list(ctx: Context, action: CheckPartitionList) -> Lowered:
    """DP506 for a list that is empty or names what is no partition, DP505 for one that is too long."""
    unit, type_ = action.partitions.unit, action.partitions.type
    form = PARTITION_FORMS["day" if unit == "value" and type_.kind is Kind.DATE else unit]
    hint = "nothing was changed; name each partition by its own value"
    body = frame(
        _LISTED,
        parameter=Sql(action.partitions.parameter),
        shape=refuse("DP506", "name each with --partition", literal("the partitions are not a JSON list")),
        none=refuse("DP506", "name each with --partition", literal("no partition is named")),
        most=Sql(str(int(action.partitioning.max_partitions))),
        many=_many(action.partitioning.max_partitions, " partitions are named, the plan allows ", "name fewer"),
        good=word(_good(unit, type_)),
        wrong=refuse("DP506", hint, Sql(_SHOWN), literal(f" is no partition: {form}")),
        watermark=Sql(_LOADED if action.watermark else ""),
    )
    params = (action.partitions.parameter, *(("watermark",) if action.watermark else ()))
    return Lowered(op="sql", bodies={"main": batch(ctx.load, statements(MESSAGE, body)).text}, params=params)


def _good(unit: str, type_: DataType) -> exp.Expression:
    """The listed text is how a partition of that unit is written: read and written again it is the same."""
    value = shape("j.[value]")
    if has_unit(unit, type_) or type_.kind in (Kind.DATE, Kind.TIMESTAMP):
        read = _tried(from_wall(value, type_))
        return shape(":again = :value", again=partition_text(read, unit, type_), value=value)
    if type_.kind is Kind.TEXT:
        return shape(":value IS NOT NULL", value=value)
    tried = {Kind.INT: "decimal(20,0)", Kind.DECIMAL: "decimal(38,10)", Kind.UUID: "uniqueidentifier"}
    read = _tried(convert(tried.get(type_.kind, "nvarchar(450)"), value))
    return shape("NOT :read IS NULL", read=read)


def _tried(conversion: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="TRY_CONVERT", expressions=[e.copy() for e in conversion.expressions])


def _many(most: int, message: str, instead: str) -> Sql:
    hint = f"nothing was changed; raise partition.max_partitions, or {instead}"
    return refuse("DP505", hint, Sql("@dp_count"), literal(f"{message}{int(most)}"))


def find_partitions(ctx: Context, action: FindPartitions) -> Lowered:
    """Captures `partitions`; more than the maximum is DP505.

    None is DP502 only where the whole source was read: a window without changes is an ordinary run that has nothing to do.
    """
    fails = action.whole and ctx.load.write.policies.empty_slice == "fail"
    null = refuse(
        "DP506",
        "fill the column, filter the rows out, or say partition.nulls: own",
        literal("affected rows have NULL in the partition column"),
    )
    none = refuse(
        "DP502",
        "if that is right, say policies.empty_slice: keep or clear",
        literal("no partition is affected: the source gave no row"),
    )
    most = action.partitioning.max_partitions
    body = frame(
        _FIND,
        query=sql(_affected(ctx, action)),
        nulls=Sql("") if action.partitions.include_null else frame(_NULLS, refuse=null),
        most=Sql(str(int(most))),
        many=_many(most, " partitions are affected, the plan allows ", "load in smaller windows"),
        empty=frame(_EMPTY, refuse=none) if fails else Sql(""),
    )
    return Lowered(
        op="query",
        bodies={"main": batch(ctx.load, statements(MESSAGE, body, Sql(_FOUND))).text},
        captures=("partitions",),
        locks=("S on the rows of the target while they are read",),
        max_items=most,
    )


def _affected(ctx: Context, action: FindPartitions) -> exp.Expression:
    partitions = action.partitions
    delta, target = table(names.staging(ctx, action.delta), "s"), table(names.target(ctx.load), "t")

    def values(alias: str) -> exp.Expression:
        text = partition_text(column(partitions.column, alias), partitions.unit, partitions.type)
        return exp.Alias(this=text, alias=exp.to_identifier("v"))

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
