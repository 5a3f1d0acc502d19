"""Which partitions a step touches, asked from the server itself: `_partition_id` and system.parts, never recomputed here."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.keys import key_in
from dpone_compiler.backends.clickhouse.partition_key import folds, slice_refusal, unit_text
from dpone_compiler.backends.clickhouse.profile import View, staging_name, staging_table, view
from dpone_compiler.backends.clickhouse.scope import inside_scope
from dpone_compiler.backends.clickhouse.zones import unit_refusal
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.load import Partitioning, PartitionUnit
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.actions import (
    BuildRewrite,
    CheckPartitionList,
    CheckPartitionValues,
    DropPartitions,
    FindPartitions,
    Staging,
)
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import ident, literal, number, qualified
from dpone_compiler.sql.predicates import PARTITION_FORMS
from dpone_compiler.sql.render import Sql, frame, join


def partition_ids(seen: View, staging: Staging) -> Sql:
    """Query: ids of the partitions of a staging table that hold rows."""
    return frame(
        "SELECT DISTINCT partition_id FROM system.parts WHERE database = <<database>> AND table = <<table>> "
        "AND active AND rows > 0 ORDER BY partition_id",
        database=literal(seen.staging_database),
        table=staging_name(staging),
    )


def rewritten(ctx: Context, action: BuildRewrite) -> Sql:
    """Predicate on the target: rows of partitions that staged rows go to, or that hold rows which give way."""
    seen = view(ctx)
    staging = staging_table(ctx, action.staging)
    return frame(
        "_partition_id IN (SELECT _partition_id FROM <<staging>> UNION ALL SELECT _partition_id FROM <<target>> "
        "WHERE <<matching>>)",
        staging=staging,
        target=qualified(seen.target),
        matching=giving_way(ctx, action),
    )


def giving_way(ctx: Context, action: BuildRewrite) -> Sql:
    """Predicate on the target: rows that the staged ones take the place of. Never NULL."""
    seen = view(ctx)
    if action.scope is not None:
        return inside_scope(seen, action.scope)
    gone = [action.staging, *([action.left] if action.left is not None else [])]
    keyed = key_in(seen, action.key, tuple(staging_table(ctx, role) for role in gone))
    if action.partitions is None:
        return keyed
    inside = in_set(seen, partitioning_of(action.partitions, seen), action.partitions)
    return frame("(<<inside>> OR <<keyed>>)", inside=inside, keyed=keyed)


def droppable(ctx: Context, action: DropPartitions) -> Sql | Unsupported:
    """Query: ids of target partitions in the affected set that staging has no rows of."""
    seen = view(ctx)
    where: Sql = Sql("1")
    built = next((s.action for s in ctx.plan.steps if isinstance(s.action, BuildRewrite)), None)
    if action.affected is not None and (why := slice_refusal(seen.structure, partitioning_of(action.affected, seen))):
        return Unsupported(why)
    if built is not None:
        where = giving_way(ctx, built)
    elif action.by_key:
        return Unsupported("partitions that rows moved out of are known only where the plan rewrites partitions")
    elif action.affected is not None:
        where = in_set(seen, partitioning_of(action.affected, seen), action.affected)
    return frame(
        # Were staging gone or short, "what staging lacks" would be everything: so its rows are counted again first.
        "SELECT DISTINCT _partition_id FROM <<target>> WHERE <<where>> "
        "AND _partition_id NOT IN (SELECT _partition_id FROM <<staging>>) "
        "AND <<complete>> ORDER BY _partition_id",
        target=qualified(seen.target),
        where=where,
        staging=staging_table(ctx, action.staging),
        complete=_complete(ctx, seen, action.staging),
    )


def _complete(ctx: Context, seen: View, staging: Staging) -> Sql:
    built = next((s.action for s in ctx.plan.steps if isinstance(s.action, BuildRewrite)), None)
    computed = built is not None and built.staging.role in ("diff", "versions")
    rows = state.value(seen, "rows_staged")
    if built is not None and computed:  # not what was recorded went into the rewrite, but what was made of it
        rows = frame("(SELECT count() FROM <<made>>)", made=staging_table(ctx, built.staging))
    short = frame(
        "(SELECT count() FROM <<staging>>) <<short>> <<rows>>",
        staging=staging_table(ctx, staging),
        # A rewrite holds the staged rows and the rows that stay.
        short=Sql("<" if staging.role == "rewrite" else "!="),
        rows=rows,
    )
    return seen.stop_if(short, "DP510: staging does not hold the rows that were recorded")


def find_partitions(ctx: Context, action: FindPartitions) -> Lowered | Unsupported:
    """One JSON list of partition values, of the delta and of where its keys live now; too many stop the run."""
    seen, wanted = view(ctx), action.partitioning
    # The list of a part goes to the source, which reads those partitions whole.
    if why := slice_refusal(seen.structure, wanted) or ("" if action.whole else unit_refusal(seen, wanted)):
        return Unsupported(why)
    delta = staging_table(ctx, action.delta)
    text, unknown = unit_text(wanted, _column(seen, wanted)), _unknown(seen, wanted)
    sources = [frame("SELECT <<v>> AS v, <<unknown>> AS unknown FROM <<t>>", v=text, t=delta, unknown=unknown)]
    if action.whole or action.key:
        where = Sql("1") if action.whole else key_in(seen, action.key, (delta,))
        sources.append(
            frame(
                "SELECT <<v>> AS v, <<unknown>> AS unknown FROM <<t>> WHERE <<where>>",
                v=text,
                t=qualified(seen.target),
                unknown=unknown,
                where=where,
            )
        )
    # A row without a value counts by `unknown` alone, and `null` comes first in the list.
    body = frame(
        "SELECT concat('[', arrayStringConcat(arrayConcat(arrayMap(x -> 'null', range(toUInt64(max(unknown)))), "
        "arrayMap(x -> concat('\"', x, '\"'), arraySort(groupUniqArrayIf("
        "replaceAll(replaceAll(v, '\\\\', '\\\\\\\\'), '\"', '\\\\\"'), unknown = 0)))), ','), ']') AS partitions FROM (<<sources>>) "
        "HAVING <<few>> AND <<some>> AND <<known>>",
        sources=join(" UNION ALL ", sources),
        few=seen.stop_if(
            frame("uniqExactIf(v, unknown = 0) + max(unknown) > <<max>>", max=number(wanted.max_partitions)),
            "DP505: more partitions are affected than max_partitions allows",
        ),
        some=seen.stop_if(
            # A window without changes is an ordinary run that has nothing to do; an empty whole source is a mistake.
            Sql("count() = 0" if action.whole and seen.load.write.policies.empty_slice == "fail" else "0"),
            "DP502: no partition is affected, the source gave no row",
        ),
        known=seen.stop_if(
            Sql("0" if wanted.nulls == "own" else "max(unknown) = 1"),
            "DP506: affected rows have NULL in the partition column",
        ),
    )
    return Lowered(op="query", bodies={"main": body.text}, captures=("partitions",))


# A value is one of the unit when cutting it to the unit gives the same text again; 2026-02-30 is read as a day of March.
_GOOD = {
    PartitionUnit.HOUR: "match(v, '^[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):00:00$') AND <<day>> = substring(v, 1, 10)",
    PartitionUnit.DAY: "match(v, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') AND <<day>> = v",
    PartitionUnit.MONTH: "match(v, '^[0-9]{4}-(0[1-9]|1[0-2])-01$')",
    PartitionUnit.YEAR: "match(v, '^[0-9]{4}-01-01$')",
}


def check_partition_list(ctx: Context, action: CheckPartitionList) -> Lowered | Unsupported:
    """DP506 for a list that is empty or names what is no partition, DP505 for one that is too long."""
    seen, wanted = view(ctx), action.partitioning
    if why := slice_refusal(seen.structure, wanted) or unit_refusal(seen, wanted):
        return Unsupported(why)
    name = Sql(action.partitions.parameter)
    # 18.16 reads no JSON; a value that needs unescaping is no date and no number, so its form does not matter here.
    listed = frame(
        "extractAll({<<name>>:String}, <<quoted>>)"
        if seen.legacy
        else "JSONExtract({<<name>>:String}, 'Array(String)')",
        name=name,
        **({"quoted": literal('"((?:[^"\\\\]|\\\\.)*)"')} if seen.legacy else {}),
    )
    unit = wanted.unit
    if unit is PartitionUnit.VALUE and action.partitions.type.kind is Kind.DATE:
        unit = PartitionUnit.DAY
    whole_number = unit is PartitionUnit.VALUE and action.partitions.type.kind is Kind.INT
    good = _GOOD.get(unit, "match(v, '^(0|-?[1-9][0-9]*)$')" if whole_number else "1")
    day = (
        "toString(toDateOrNull(substring(v, 1, 10)))"
        if seen.legacy
        else "toString(toDate32OrNull(substring(v, 1, 10)))"
    )
    pieces = [
        frame(
            "SELECT 'DP506' AS code, 'no partition is named' AS detail, n AS count FROM (SELECT length(<<listed>>) AS n) WHERE n = 0",
            listed=listed,
        ),
        frame(
            "SELECT 'DP505' AS code, 'more partitions are named than max_partitions allows' AS detail, n AS count "
            "FROM (SELECT length(<<listed>>) AS n) WHERE n > <<max>>",
            listed=listed,
            max=number(wanted.max_partitions),
        ),
        frame(
            "SELECT 'DP506' AS code, concat('\\'', v, '\\' is no partition: ', <<form>>) AS detail, toUInt64(1) AS count "
            "FROM (SELECT arrayJoin(<<listed>>) AS v) WHERE NOT ifNull(<<good>>, 0)",
            form=literal(PARTITION_FORMS[unit.value]),
            listed=listed,
            good=frame(good, **({"day": Sql(day)} if "<<day>>" in good else {})),
        ),
    ]
    if action.watermark:
        pieces.append(
            Sql(
                "SELECT 'DP429' AS code, 'the load has no watermark, so nothing says which rows it has loaded' AS detail, "
                "toUInt64(0) AS count FROM system.one WHERE {watermark:String} = ''"
            )
        )
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def check_partition_values(ctx: Context, action: CheckPartitionValues) -> Lowered | Unsupported:
    """Staged rows outside of the run's partitions, NULL partition values, and too many partitions."""
    seen, wanted = view(ctx), action.partitioning
    if why := slice_refusal(seen.structure, wanted):
        return Unsupported(why)
    table, column = staging_table(ctx, action.staging), _column(seen, wanted)
    text, known = unit_text(wanted, column), _known(seen, wanted)
    pieces = [
        frame(
            "SELECT 'DP505' AS code, 'staged rows lie in more partitions than max_partitions' AS detail, found AS count "
            "FROM (SELECT uniqExactIf(<<text>>, <<known>>) + max(<<unknown>>) AS found FROM <<table>>) WHERE found > <<max>>",
            text=text,
            table=table,
            known=known,
            unknown=_unknown(seen, wanted),
            max=number(wanted.max_partitions),
        )
    ]
    if column is None or column.nullable:
        pieces += [
            _rows(
                table, frame("isNull(<<name>>)", name=ident(wanted.column)), "staged rows whose partition value is NULL"
            )
        ]
    if wanted.nulls == "own":
        pieces = pieces[:1]
    if action.partitions is not None:
        lost = Sql("1") if wanted.nulls == "own" else known  # where NULL fails, it is told above
        outside = frame("<<lost>> AND NOT <<inside>>", lost=lost, inside=in_set(seen, wanted, action.partitions))
        pieces.append(_rows(table, outside, "staged rows that lie outside of the partitions of this run"))
        if folds(seen.structure, wanted) and not any(isinstance(s.action, BuildRewrite) for s in ctx.plan.steps):
            pieces.append(_folded(seen, wanted, action.partitions, table))
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def in_set(seen: View, wanted: Partitioning, partitions: PartitionSet) -> Sql:
    """Predicate: the row's partition value is in the run's list. Never NULL."""
    listed = _listed(seen, unit_text(wanted, _column(seen, wanted)), partitions)
    inside = frame("(<<known>> AND <<listed>>)", known=_known(seen, wanted), listed=listed)
    if not (partitions.include_null and seen.nullable(wanted.column)):
        return inside
    null = frame("startsWith({<<name>>:String}, '[null')", name=Sql(partitions.parameter))
    return frame("(isNull(<<name>>) AND <<null>> OR <<inside>>)", name=ident(wanted.column), null=null, inside=inside)


def partitioning_of(partitions: PartitionSet, seen: View) -> Partitioning:
    """The load's partitioning, or one made of the set's own words."""
    declared = seen.load.write.partition
    if declared is not None and declared.column == partitions.column:
        return declared
    return Partitioning(column=partitions.column, unit=PartitionUnit(partitions.unit))


def _listed(seen: View, text: Sql, partitions: PartitionSet) -> Sql:
    name = Sql(partitions.parameter)
    if seen.legacy:
        # 18.16 reads no JSON. Every value of the list is quoted, and quotes inside a value are escaped, so the quoted text is exact.
        return frame(
            "position({<<name>>:String}, concat('\"', replaceAll(replaceAll(<<text>>, '\\\\', '\\\\\\\\'), '\"', '\\\\\"'), "
            "'\"')) > 0",
            name=name,
            text=text,
        )
    # Read as an Array(String), a null would be '', which may be a value.
    element = Sql("Nullable(String)" if partitions.include_null else "String")
    return frame(
        "has(JSONExtract({<<name>>:String}, 'Array(<<element>>)'), <<text>>)", name=name, element=element, text=text
    )


def _rows(table: Sql, where: Sql, what: str) -> Sql:
    return frame(
        "SELECT 'DP506' AS code, <<what>> AS detail, found AS count "
        "FROM (SELECT count() AS found FROM <<table>> WHERE <<where>>) WHERE found > 0",
        what=literal(what),
        table=table,
        where=where,
    )


def _folded(seen: View, wanted: Partitioning, partitions: PartitionSet, staging: Sql) -> Sql:
    """Rows of other slices that lie in partitions which are to be replaced or dropped."""
    target, inside = qualified(seen.target), in_set(seen, wanted, partitions)
    outside = frame(
        "_partition_id IN (SELECT _partition_id FROM <<staging>> UNION ALL SELECT _partition_id FROM <<target>> "
        "WHERE <<inside>>) AND NOT <<inside>>",
        staging=staging,
        target=target,
        inside=inside,
    )
    what = "rows of the target outside of the partitions of this run, which its partition key puts among them"
    return _rows(target, outside, what)


def _column(seen: View, wanted: Partitioning) -> Column | None:
    return seen.structure.column(wanted.column) if seen.structure is not None else None


def _unknown(seen: View, wanted: Partitioning) -> Sql:
    # 1 where the partition value is NULL.
    return frame("isNull(<<name>>)", name=ident(wanted.column)) if seen.nullable(wanted.column) else Sql("0")


def _known(seen: View, wanted: Partitioning) -> Sql:
    return frame("isNotNull(<<name>>)", name=ident(wanted.column)) if seen.nullable(wanted.column) else Sql("1")
