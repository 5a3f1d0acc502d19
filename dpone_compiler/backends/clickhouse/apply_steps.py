"""Lowerings of the steps that change the target. Each statement is atomic, and repeating it is harmless or guarded."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.keys import key_in, key_not_in
from dpone_compiler.backends.clickhouse.partition_key import replacing_refusal, slice_refusal
from dpone_compiler.backends.clickhouse.partitions import droppable, in_set, partition_ids, partitioning_of, rewritten
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.backends.clickhouse.proof_steps import replacing
from dpone_compiler.backends.clickhouse.scope import inside_scope
from dpone_compiler.backends.clickhouse.staging_steps import PINNED_SELECT
from dpone_compiler.plan.actions import (
    BuildRewrite,
    BuildShadow,
    DeleteMatching,
    DropPartitions,
    ExchangeTables,
    InsertStaged,
    MovePartitions,
    ReplacePartitions,
    Staging,
)
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import columns, literal, qualified
from dpone_compiler.sql.render import Sql, frame

MAX_PARTITIONS = 10_000
# REPLACE and DROP PARTITION ask it too: clickhouse.com/docs/operations/settings/settings#max_partition_size_to_drop
_ANY_SIZE = "max_partition_size_to_drop = 0"
_READERS = "a query reads the parts that existed when it started; a query that starts later sees {}"


def exchange_tables(ctx: Context, action: ExchangeTables) -> Lowered | Unsupported:
    """EXCHANGE TABLES, done when the target carries the uuid that was recorded for staging."""
    seen = view(ctx)
    if seen.legacy:
        return Unsupported("this server has no EXCHANGE TABLES; replace partition by partition instead")
    engine = seen.structure.database_engine if seen.structure else ""
    if engine not in {"Atomic", "Shared", "Replicated"}:
        known = f"is {engine}" if engine else "is not known (no catalog snapshot)"
        return Unsupported(
            f"EXCHANGE TABLES needs a database of engine Atomic, and the engine of {seen.target.schema!r} {known}"
        )
    if seen.staging_database != seen.target.schema:
        return Unsupported("EXCHANGE TABLES is used only inside one database; leave staging_schema out")
    body = frame(
        "EXCHANGE TABLES <<target>> AND <<staging>>",
        target=qualified(seen.target),
        staging=staging_table(ctx, action.staging),
    )
    return Lowered(
        op="sql",
        bodies={"main": body.text},
        guard=exchanged(seen).text,
        locks=("exclusive, on the two names, for the moment of the swap",),
        visibility={"any": _READERS.format("the new table; never an empty one and never a mixture")},
    )


def exchanged(seen: View) -> Sql:
    """Guard: the target is the very table that was recorded."""
    return frame(
        "SELECT if(count() > 0, '1', '0') FROM system.tables WHERE database = <<database>> AND name = <<name>> "
        "AND toString(uuid) = <<uuid>>",
        database=literal(seen.target.schema),
        name=literal(seen.target.name),
        uuid=state.value(seen, "staging_uuid"),
    )


def move_partitions(ctx: Context, action: MovePartitions) -> Lowered | Unsupported:
    """MOVE PARTITION of each partition that staging still has; a moved one is not listed again."""
    seen = view(ctx)
    if seen.legacy:
        return Unsupported(
            "this server has no MOVE PARTITION TO TABLE, and no other way of appending can be repeated without doubling rows"
        )
    body = frame(
        "ALTER TABLE <<staging>> MOVE PARTITION ID {item:String} TO TABLE <<target>>",
        staging=staging_table(ctx, action.staging),
        target=qualified(seen.target),
    )
    return _foreach(partition_ids(seen, action.staging), body, "all rows of a partition or none")


def replace_partitions(ctx: Context, action: ReplacePartitions) -> Lowered | Unsupported:
    """One REPLACE PARTITION a statement: several in one ALTER are not atomic together (field.md, finding 4)."""
    seen = view(ctx)
    sliced = seen.load.write.partition
    if sliced is not None and not _whole_table(ctx, action) and (why := slice_refusal(seen.structure, sliced)):
        return Unsupported(why)
    body = frame(
        "ALTER TABLE <<target>> REPLACE PARTITION ID {item:String} FROM <<staging>><<pinned>>",
        target=qualified(seen.target),
        staging=staging_table(ctx, action.staging),
        # The list holds only partitions that staging has, so an empty one means that somebody emptied it meanwhile.
        pinned=seen.pinned(
            _ANY_SIZE + (", allow_replace_partition_from_empty_source = 0" if _guards_empty(ctx) else "")
        ),
    )
    return _foreach(partition_ids(seen, action.staging), body, "the new partition, others perhaps still old")


def drop_partitions(ctx: Context, action: DropPartitions) -> Lowered | Unsupported:
    """Drop partitions of the target that staging lacks: of the affected set, of the keys that moved out, or all of them."""
    seen = view(ctx)
    query = droppable(ctx, action)
    if isinstance(query, Unsupported):
        return query
    body = frame(
        "ALTER TABLE <<target>> DROP PARTITION ID {item:String}<<pinned>>",
        target=qualified(seen.target),
        pinned=seen.pinned(_ANY_SIZE),
    )
    return _foreach(query, body, "the table without that partition")


def build_rewrite(ctx: Context, action: BuildRewrite) -> Lowered | Unsupported:
    """New content of the affected partitions: target rows whose key is not staged (NULL keys stay), then the staged rows."""
    gone = (action.staging, *([action.left] if action.left is not None else []))
    kept = _kept(view(ctx), action, tuple(staging_table(ctx, role) for role in gone))
    return _filled(
        ctx,
        action.staging,
        action.rewrite,
        frame("<<affected>> AND <<kept>>", affected=rewritten(ctx, action), kept=kept),
        "these partitions until they are replaced",
    )


def build_shadow(ctx: Context, action: BuildShadow) -> Lowered | Unsupported:
    """The whole new target: rows of other keys (NULL keys among them), then the staged rows."""
    gone = (action.staging, *([action.left] if action.left is not None else []))
    kept = key_not_in(view(ctx), action.key, tuple(staging_table(ctx, role) for role in gone))
    return _filled(ctx, action.staging, action.shadow, kept, "the target until the names are exchanged")


def _filled(ctx: Context, rows: Staging, made: Staging, kept: Sql, unseen: str) -> Lowered | Unsupported:
    """One INSERT of the target's rows that stay and of all staged rows. `unseen`: where and how long no other write is seen."""
    seen = view(ctx)
    written = tuple(moved.target.name for moved in rows.columns) or seen.target_columns
    extra = unmanaged(seen, written)
    if extra:
        return Unsupported(
            f"the target has columns that this load does not carry ({', '.join(extra)}); rewriting rows would reset them"
        )
    body = frame(
        "INSERT INTO <<made>> (<<columns>>)<<pinned>>\nSELECT <<columns>> FROM <<target>> WHERE <<kept>> AND <<whole>>\n"
        "UNION ALL SELECT <<columns>> FROM <<staging>>",
        made=staging_table(ctx, made),
        columns=columns(written),
        pinned=seen.pinned(PINNED_SELECT),
        target=qualified(seen.target),
        kept=kept,
        whole=_seen_whole(seen),
        staging=staging_table(ctx, rows),
    )
    return Lowered(
        op="sql",
        bodies={"main": body.text},
        locks=(f"none: what anybody else writes into {unseen} is lost",),
    )


def _seen_whole(seen: View) -> Sql:
    """True, or the statement stops: a row policy hides rows, which would not be copied, and go with the old ones.

    system.row_policies is for administrators, so rows are counted. The subquery comes first: a merge in between makes fewer in parts.
    Where a DELETE has marked rows parts hold more than anybody may see, and nothing can be told.
    """
    marked = Sql("0" if seen.legacy else "countIf(has_lightweight_delete OR startsWith(name, 'patch-'))")
    hidden = frame(
        "(SELECT sum(rows) > (SELECT count() FROM <<target>>) AND <<marked>> = 0 FROM system.parts "
        "WHERE database = <<database>> AND table = <<table>> AND active)",
        target=qualified(seen.target),
        marked=marked,
        database=literal(seen.target.schema),
        table=literal(seen.target.name),
    )
    return seen.stop_if(
        hidden, "DP423: a row policy hides rows of the target from this user; they would be deleted unseen"
    )


def _kept(seen: View, action: BuildRewrite, gone: tuple[Sql, ...]) -> Sql:
    if action.scope is not None:
        return frame("NOT <<inside>>", inside=inside_scope(seen, action.scope))
    outside = key_not_in(seen, action.key, gone)
    if action.partitions is None:
        return outside
    inside = in_set(seen, partitioning_of(action.partitions, seen), action.partitions)
    return frame("NOT <<inside>> AND (<<outside>>)", inside=inside, outside=outside)


def delete_matching(ctx: Context, action: DeleteMatching) -> Lowered | Unsupported:
    """Lightweight DELETE of the staged keys, waited for. Rows with a NULL key part match nothing and stay."""
    if action.outside is not None:
        return Unsupported("partitions that rows moved out of are rewritten with those that are replaced")
    seen = view(ctx)
    if seen.legacy:
        return Unsupported(
            "this server has no DELETE FROM; a mutation could not be waited for, so partitions are rewritten"
        )
    if seen.structure is not None and seen.structure.table_engine.startswith("Replicated"):
        return Unsupported("each replica carries a mutation out by itself, and staging is on one of them alone")
    extra = unmanaged(seen)
    if extra:
        return Unsupported(
            f"the target has columns that this load does not carry ({', '.join(extra)}); delete and insert would reset them"
        )
    body = frame(
        # The subquery reads staging, which nobody changes, so it says the same however often it is asked.
        "DELETE FROM <<target>> WHERE <<matching>> "
        "SETTINGS lightweight_deletes_sync = 2, mutations_sync = 2, allow_nondeterministic_mutations = 1",
        target=qualified(seen.target),
        matching=key_in(seen, action.key, (staging_table(ctx, action.staging),)),
    )
    return Lowered(
        op="sql",
        bodies={"main": body.text},
        locks=("a mutation: waits for and is waited for by other mutations of the table",),
        visibility={"any": _READERS.format("the table without the changed rows until the insert")},
    )


def insert_staged(ctx: Context, action: InsertStaged) -> Lowered | Unsupported:
    """INSERT of all staged rows, columns listed; repeated as a unit with the delete before it, or collapsed by the engine."""
    if action.upsert_key:
        return Unsupported("ClickHouse has no unique index that could tell which rows are there already")
    seen = view(ctx)
    if action.missing_key and seen.nullable(action.missing_key[0]):
        return Unsupported("insert of missing keys needs key columns that cannot be NULL")
    if why := _unrepeatable(ctx, seen, action):
        return Unsupported(why)
    staging = staging_table(ctx, action.staging)
    where = (
        frame(" WHERE <<missing>>", missing=key_not_in(seen, action.missing_key, (qualified(seen.target),)))
        if action.missing_key
        else Sql("")
    )
    body = frame(
        "INSERT INTO <<target>> (<<columns>>)<<pinned>>\nSELECT <<columns>> FROM <<staging>><<where>>",
        target=qualified(seen.target),
        columns=columns(seen.target_columns),
        pinned=seen.pinned(PINNED_SELECT),
        staging=staging,
        where=where,
    )
    return Lowered(
        op="sql",
        bodies={"main": body.text},
        visibility={"any": _READERS.format("the rows block by block, in no promised order, until the statement ends")},
    )


def _unrepeatable(ctx: Context, seen: View, action: InsertStaged) -> str:
    """Why inserting twice would double rows: neither are they deleted first, nor does the engine collapse them."""
    deleted = any(
        isinstance(step.action, DeleteMatching) and step.action.staging.role == action.staging.role
        for step in ctx.plan.steps
    )
    if deleted or action.missing_key:
        return ""
    if seen.structure is None or not replacing(seen):
        return "the target is not known to be a ReplacingMergeTree, so an insert that is repeated would double rows"
    return replacing_refusal(seen.structure, seen.load.write.key, seen.target_columns)


def unmanaged(seen: View, written: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Writable target columns that the load does not carry, nor this step write."""
    if seen.structure is None:
        return ()
    carried = {*seen.target_columns, *written}
    return tuple(c.name for c in seen.structure.columns if not c.generated and c.name not in carried)


def _whole_table(ctx: Context, action: ReplacePartitions) -> bool:
    # A rewrite holds what stays, and a full refresh drops what staging lacks: there partitions need not be slices.
    return action.staging.role == "rewrite" or any(
        isinstance(step.action, DropPartitions) and step.action.affected is None for step in ctx.plan.steps
    )


def _guards_empty(ctx: Context) -> bool:
    # The setting came with 26.6 and an unknown setting is an error, so it is pinned only where the version is known to have it.
    engine = ctx.facts.target_engine
    return engine is not None and engine.version >= (26, 6)


def _foreach(query: Sql, body: Sql, later: str) -> Lowered:
    return Lowered(
        op="foreach",
        bodies={"query": query.text, "body": body.text},
        max_items=MAX_PARTITIONS,
        visibility={"any": _READERS.format(later)},
    )
