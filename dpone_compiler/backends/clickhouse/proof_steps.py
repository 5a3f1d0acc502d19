"""Lowerings that prove: the target is as the plan knew it, and after the change it holds what was staged."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.digest import digest_of, row_text
from dpone_compiler.backends.clickhouse.keys import key_in, key_not_in
from dpone_compiler.backends.clickhouse.partitions import in_set, partitioning_of
from dpone_compiler.backends.clickhouse.profile import View, engine_name, staging_table, view
from dpone_compiler.backends.clickhouse.scope import inside_scope
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import Interval
from dpone_compiler.plan.actions import (
    BuildRewrite,
    BuildShadow,
    CheckLosses,
    CheckTable,
    CheckWindowOwned,
    Reconcile,
)
from dpone_compiler.plan.feed_actions import CollapseChanges
from dpone_compiler.plan.written_again import writes_again
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.spi.technical import own_columns
from dpone_compiler.sql.clickhouse_names import ident, literal, number, qualified
from dpone_compiler.sql.render import Sql, frame, join


def check_table(ctx: Context, action: CheckTable) -> Lowered | Unsupported:
    """Columns of this plan by name and type; with a snapshot also the table's engine, partition key and sorting key."""
    seen = view(ctx)
    if not seen.columns:
        return Unsupported("no columns were decided")
    expected = [(c.target.name, c.target.native) for c in seen.columns]
    expected += [(column.name, column.native) for column in own_columns(ctx)]
    pairs = [frame("(<<name>>, <<type>>)", name=literal(name), type=literal(native)) for name, native in expected]
    pieces = [
        frame(
            "SELECT 'DP420' AS code, concat('column ', pair.1, ' is not there with type ', pair.2) AS detail, 1 AS count "
            "FROM (SELECT arrayJoin([<<pairs>>]) AS pair) "
            "WHERE pair NOT IN (SELECT name, type FROM system.columns WHERE database = <<database>> AND table = <<table>>)<<lacking>>",
            pairs=join(", ", pairs),
            database=literal(seen.target.schema),
            table=literal(seen.target.name),
            lacking=_lacking(seen, action),
        )
    ]
    if seen.structure is None:
        pieces.append(_elsewhere(seen))
    else:
        pieces += [
            _added(ctx, seen, tuple(column.name for column in seen.structure.columns)),
            _same(seen, "partition_key", seen.structure.partition_key),
            _same(seen, "sorting_key", seen.structure.sorting_key),
            _same(seen, "engine", engine_name(seen.structure)),
        ]
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def _elsewhere(seen: View) -> Sql:
    return frame(
        "SELECT 'DP420' AS code, concat('engine ', engine, ' keeps its rows in other tables or nowhere') AS detail, 1 AS count "
        "FROM system.tables WHERE database = <<database>> AND name = <<table>> AND engine NOT LIKE '%MergeTree'",
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
    )


def _lacking(seen: View, action: CheckTable) -> Sql:
    """All of these are still to be added, or each is as any other."""
    if not action.may_lack:
        return Sql("")
    return frame(
        " AND NOT (pair.1 IN (<<names>>) AND (SELECT count() FROM system.columns WHERE database = <<database>> "
        "AND table = <<table>> AND name IN (<<names>>)) = 0)",
        names=join(", ", [literal(name) for name in action.may_lack]),
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
    )


def _added(ctx: Context, seen: View, known: tuple[str, ...]) -> Sql:
    """A column that has come since: filled with zeros by ClickHouse without a word, or reset where rows are written again."""
    harmless = Sql("" if writes_again(ctx.plan) else " AND default_kind = '' AND NOT startsWith(type, 'Nullable(')")
    return frame(
        "SELECT 'DP420' AS code, concat('column ', name, ' is new, and the plan does not fill it') AS detail, 1 AS count "
        "FROM system.columns WHERE database = <<database>> AND table = <<table>> AND name NOT IN (<<known>>) "
        "AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL')<<harmless>>",
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
        known=join(", ", [literal(name) for name in known]),
        harmless=harmless,
    )


def _same(seen: View, column: str, expected: str) -> Sql:
    # Which plain names are quoted in a key differs from version to version.
    quoted = "`" in expected
    found = frame("any(<<column>>)", column=ident(column))
    return frame(
        "SELECT 'DP420' AS code, concat(<<label>>, toString(any(<<column>>))) AS detail, 1 AS count FROM system.tables "
        "WHERE database = <<database>> AND name = <<table>> HAVING <<found>> != <<expected>>",
        label=literal(f"{column} is not {expected!r} but "),
        column=ident(column),
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
        found=frame("replaceAll(<<found>>, '`', '')", found=found) if quoted else found,
        expected=literal(expected.replace("`", "")),
    )


def reconcile(ctx: Context, action: Reconcile) -> Lowered | Unsupported:
    """Rows (and digest) of the target's scope against what the state row says was staged and proved.

    The recorded state, not staging itself, is the yardstick: staging is empty after MOVE and holds the old table after EXCHANGE.
    """
    seen = view(ctx)
    scoped = _scope(ctx, seen, action)
    if isinstance(scoped, Unsupported):
        return scoped
    where, proved = scoped, staging_table(ctx, action.of) if action.of is not None else qualified(seen.target)
    content = action.level in {"content", "full"}
    actual = digest_of(row_text(seen.columns, "target")) if content else Sql("toString(count())")
    expected = state.value(seen, "digest") if content else frame("toString(<<n>>)", n=state.value(seen, "rows_staged"))
    pieces = [
        frame(
            "SELECT 'DP510' AS code, concat('the target holds ', actual, ' where ', expected, ' was staged') AS detail, "
            "held AS count FROM (SELECT <<actual>> AS actual, <<expected>> AS expected, count() AS held "
            "FROM <<target>><<final>> WHERE <<where>>) WHERE actual != expected",
            actual=actual,
            expected=expected,
            target=proved,
            # Replaced versions stay on disk until a merge; FINAL is what a correct reader sees.
            final=Sql(" FINAL") if action.scope == "keys" and replacing(seen) else Sql(""),
            where=where,
        )
    ]
    collapsed = next((s.action for s in ctx.plan.steps if isinstance(s.action, CollapseChanges)), None)
    if collapsed is not None and collapsed.feed.deletes == "apply":
        pieces.append(
            frame(
                "SELECT 'DP510' AS code, 'rows whose key is gone are still in the target' AS detail, held AS count "
                "FROM (SELECT count() AS held FROM <<target>> WHERE <<gone>>) WHERE held > 0",
                target=qualified(seen.target),
                gone=key_in(seen, action.key, (staging_table(ctx, collapsed.left),)),
            )
        )
    built = next((s.action for s in ctx.plan.steps if isinstance(s.action, BuildRewrite)), None)
    if built is not None and built.partitions is not None:
        pieces.append(_moved_away(ctx, seen, built, where))
    if action.scope in {"keys", "rows", "partitions"} and built is not None:
        pieces.append(same_counts(ctx, seen, built))
    if action.of is not None:
        pieces.append(_rest_stays(ctx, seen, proved))
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", pieces).text})


def _rest_stays(ctx: Context, seen: View, proved: Sql) -> Sql:
    """The new target has as many rows as were staged and as the old one has of other keys."""
    built = next(s.action for s in ctx.plan.steps if isinstance(s.action, BuildShadow))
    gone = (built.staging, *([built.left] if built.left is not None else []))
    return frame(
        "SELECT 'DP510' AS code, 'the new target does not hold the rows that stay' AS detail, toUInt64(abs(more)) AS count "
        "FROM (SELECT toInt64(count()) - toInt64((SELECT count() FROM <<staging>>)) - toInt64((SELECT count() FROM <<target>> "
        "WHERE <<stay>>)) AS more FROM <<proved>>) WHERE more != 0",
        staging=staging_table(ctx, built.staging),
        target=qualified(seen.target),
        stay=key_not_in(seen, built.key, tuple(staging_table(ctx, role) for role in gone)),
        proved=proved,
    )


def _moved_away(ctx: Context, seen: View, built: BuildRewrite, inside: Sql) -> Sql:
    """Rows of staged keys outside of the partitions that were replaced."""
    return frame(
        "SELECT 'DP510' AS code, 'rows that moved are still in their old partitions' AS detail, held AS count "
        "FROM (SELECT count() AS held FROM <<target>> WHERE <<keyed>> AND NOT <<inside>>) WHERE held > 0",
        target=qualified(seen.target),
        keyed=key_in(seen, built.key, (staging_table(ctx, built.staging),)),
        inside=inside,
    )


def check_window_owned(ctx: Context, action: CheckWindowOwned) -> Lowered:
    """Rows of the window in the target, and rows still in staging, are together what was staged: also after a half-done move."""
    seen = view(ctx)
    body = frame(
        "SELECT 'DP512' AS code, concat('the window of this append holds ', toString(held), ' rows in the target that are not "
        "its own') AS detail, held AS count FROM (SELECT toInt64(count()) - (toInt64(<<staged>>) - toInt64((SELECT count() "
        "FROM <<staging>>))) AS held FROM <<target>> WHERE <<window>>) WHERE held != 0",
        staged=state.value(seen, "rows_staged"),
        staging=staging_table(ctx, action.staging),
        target=qualified(seen.target),
        window=interval(seen, action.interval),
    )
    return Lowered(op="check", bodies={"main": body.text})


def check_losses(ctx: Context, action: CheckLosses) -> Lowered | Unsupported:
    """DP507 before the first statement that changes the target: here nothing could be rolled back."""
    seen, limits = view(ctx), ctx.load.write.limits
    among = Sql("1")
    if action.rows is not None:
        among = inside_scope(seen, action.rows)
    elif action.partitions is not None:
        among = in_set(seen, partitioning_of(action.partitions, seen), action.partitions)
        if action.key:
            elsewhere = key_in(seen, action.key, (staging_table(ctx, action.staging),))
            among = frame("<<among>> OR <<elsewhere>>", among=among, elsewhere=elsewhere)
    too_many = []
    if limits.max_delete_rows is not None:
        too_many.append(frame("gone > <<rows>>", rows=number(limits.max_delete_rows)))
    if limits.max_delete_ratio is not None:
        too_many.append(frame("gone > <<share>> * held", share=Sql(format(limits.max_delete_ratio, "f"))))
    body = frame(
        "SELECT 'DP507' AS code, concat(toString(gone), ' of ', toString(held), ' rows of the target would go') AS detail, "
        "toUInt64(gone) AS count FROM (SELECT toInt64(countIf(<<among>>)) - toInt64((SELECT count() FROM <<staging>>)) AS gone, "
        "toInt64(count()) AS held FROM <<target>>) WHERE gone > 0 AND (<<too_many>>)",
        among=among,
        staging=staging_table(ctx, action.staging),
        target=qualified(seen.target),
        too_many=join(" OR ", too_many or [Sql("0")]),
    )
    return Lowered(op="check", bodies={"main": body.text})


def replacing(seen: View) -> bool:
    """Whether the target collapses rows of one sorting key by itself."""
    return seen.structure is not None and "Replacing" in engine_name(seen.structure)


def _scope(ctx: Context, seen: View, action: Reconcile) -> Sql | Unsupported:
    match action.scope:
        case "all":
            return Sql("1")
        case "keys" if action.key:
            return key_in(seen, action.key, (staging_table(ctx, action.staging),))
        case "rows" if action.rows is not None:
            return inside_scope(seen, action.rows)
        case "window" if action.interval is not None:
            return interval(seen, action.interval)
        case "partitions" if action.partitions is not None:
            wanted = partitioning_of(action.partitions, seen)
            return in_set(seen, wanted, action.partitions)
        case _:
            return Unsupported(f"a reconciliation of scope {action.scope!r} lacks what it needs")


def interval(seen: View, window: Interval) -> Sql:
    """Predicate of the window on the target's column. A low end that no ClickHouse type can hold is no bound."""
    # The interval names the source's column; the target may call it otherwise, and has a type of its own.
    moved = next((c.target for c in seen.columns if window.column in {c.source.name, c.target.name}), None)
    name, kind = (moved.name, moved.type) if moved is not None else (window.column, window.type)
    body = frame(
        "(<<column>> >= <<low>> AND <<column>> < <<high>>)",
        column=ident(name),
        low=_bound(kind, window.low, lowest=True),
        high=_bound(kind, window.high, lowest=False),
    )
    if not window.include_null:
        return body
    return frame("(isNull(<<column>>) OR <<body>>)", column=ident(name), body=body)


def _bound(kind: DataType, parameter: str, *, lowest: bool) -> Sql:
    name = Sql(parameter)
    match kind.kind:
        case Kind.INT:
            return frame("toInt64OrZero({<<name>>:String})" if not lowest else _INT_LOW, name=name)
        case Kind.DATE:
            return frame("toDate32OrNull({<<name>>:String})" if not lowest else _DATE_LOW, name=name)
        case Kind.TIMESTAMP if kind.precision == 0:
            return frame(
                "parseDateTimeBestEffortOrNull({<<name>>:String}, 'UTC')" if not lowest else _SECOND_LOW, name=name
            )
        case Kind.TIMESTAMP:
            return frame(
                "parseDateTime64BestEffortOrNull({<<name>>:String}, 6, 'UTC')" if not lowest else _TIME_LOW, name=name
            )
        case _:
            return frame("{<<name>>:String}", name=name)


_INT_LOW = "toInt64OrZero({<<name>>:String})"
_DATE_LOW = "ifNull(toDate32OrNull({<<name>>:String}), toDate32('1900-01-01'))"
_SECOND_LOW = "ifNull(parseDateTimeBestEffortOrNull({<<name>>:String}, 'UTC'), toDateTime(0, 'UTC'))"
_TIME_LOW = "ifNull(parseDateTime64BestEffortOrNull({<<name>>:String}, 6, 'UTC'), toDateTime64('1900-01-01 00:00:00', 6, 'UTC'))"


def same_counts(ctx: Context, seen: View, built: BuildRewrite) -> Sql:
    """Proves that the rows that were to stay did stay: each rewritten partition has as many rows as its new content."""
    return frame(
        "SELECT 'DP510' AS code, concat('partition ', id, ' does not hold its rewritten rows') AS detail, "
        "toUInt64(abs(difference)) AS count FROM (SELECT id, sum(n) AS difference FROM ("
        "SELECT toString(_partition_id) AS id, toInt64(count()) AS n FROM <<rewrite>> GROUP BY id UNION ALL "
        "SELECT toString(_partition_id) AS id, -toInt64(count()) AS n FROM <<target>> "
        "WHERE _partition_id IN (SELECT _partition_id FROM <<rewrite>>) GROUP BY id) GROUP BY id) WHERE difference != 0",
        rewrite=staging_table(ctx, built.rewrite),
        target=qualified(seen.target),
    )
