"""Lowerings of the steps that make, fill, check and drop staging tables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.digest import digest_of, row_text
from dpone_compiler.backends.clickhouse.feed_steps import staged_columns
from dpone_compiler.backends.clickhouse.keys import any_null
from dpone_compiler.backends.clickhouse.profile import View, engine_name, prefix, staging_table, view
from dpone_compiler.plan.actions import (
    BuildRewrite,
    CheckDuplicateKeys,
    CheckNotEmpty,
    CheckNullKeys,
    CheckStagedRows,
    CreateStaging,
    DropOldStaging,
    DropPartitions,
    DropStaging,
    ExchangeTables,
    MovePartitions,
    ReplacePartitions,
    Staging,
    Transfer,
)
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import columns, ident, literal, qualified
from dpone_compiler.sql.clickhouse_native import native_sql
from dpone_compiler.sql.render import Sql, frame, join

MAX_OLD_STAGING = 1000
# A fixed replica path cannot be used by a second table; `{uuid}` and the server's default path can.
_FIXED_PATH = re.compile(r"^Replicated\w*MergeTree\(\s*'(?![^']*\{uuid\})")
_LOAD: Mapping[str, str] = {
    "async_insert": "0",
    "insert_deduplicate": "0",
    "input_format_null_as_default": "0",
    "max_partitions_per_insert_block": "0",
    # A ReplacingMergeTree staging must hold what was sent, so that the counts can be compared.
    "optimize_on_insert": "0",
    "date_time_input_format": "'best_effort'",
    "session_timezone": "'UTC'",
    "input_format_tsv_empty_as_default": "0",
    # A first row that holds the names of the columns is a row.
    "input_format_tsv_detect_header": "0",
    "input_format_skip_unknown_fields": "0",
    "input_format_allow_errors_num": "0",
    "input_format_allow_errors_ratio": "0",
}


def drop_old_staging(ctx: Context, _action: DropOldStaging) -> Lowered:
    """Every staging table of this load that is not of this run."""
    seen = view(ctx)
    query = frame(
        "SELECT name FROM system.tables WHERE database = <<database>> AND startsWith(name, <<prefix>>) "
        "AND NOT endsWith(name, replaceAll({run_id:String}, '-', '_')) ORDER BY name",
        database=literal(seen.staging_database),
        prefix=literal(prefix(ctx)),
    )
    table = frame("<<database>>.{item:Identifier}", database=ident(seen.staging_database))
    return Lowered(
        op="foreach",
        bodies={"query": query.text, "body": _drop(seen, table).text},
        max_items=MAX_OLD_STAGING,
    )


def drop_staging(ctx: Context, action: DropStaging) -> Lowered:
    """DROP of a staging table; repeating it is a no-op."""
    body = _drop(view(ctx), staging_table(ctx, action.staging))
    return Lowered(op="sql", bodies={"main": body.text})


def _drop(seen: View, table: Sql) -> Sql:
    # After EXCHANGE the staging name holds the whole old target, which may be above the server's limit for a DROP.
    tail = Sql("") if seen.legacy else Sql(" SYNC SETTINGS max_table_size_to_drop = 0")
    return frame("DROP TABLE IF EXISTS <<table>><<tail>>", table=table, tail=tail)


def create_staging(ctx: Context, action: CreateStaging) -> Lowered | Unsupported:
    """An empty table; the planner drops a left-over of the same run first, since a body is one statement."""
    seen, table = view(ctx), staging_table(ctx, action.staging)
    engine = engine_name(seen.structure) if seen.structure is not None else ""
    if engine and not engine.endswith("MergeTree"):
        # A staging table of such a shape would be the same other table: a Buffer or Distributed one writes into it at once.
        return Unsupported(
            f"the target's engine {engine} keeps its rows in other tables or nowhere; load the table of the MergeTree family behind it"
        )
    if is_shaped(ctx, action.staging):
        if seen.structure is not None and _FIXED_PATH.match(seen.structure.table_engine):
            return Unsupported(
                "the target is replicated under a fixed path, which a staging table of the same structure cannot share; "
                "recreate the target with {uuid} in its path or with the server's default path"
            )
        body = frame("CREATE TABLE <<table>> AS <<target>>", table=table, target=qualified(seen.target))
        return Lowered(op="sql", bodies={"main": body.text})
    listed = []
    for moved in staged_columns(action.staging) or seen.columns:
        native = native_sql(moved.target.native)
        if native is None:
            return Unsupported(
                f"column {moved.target.name!r} has a type that this compiler cannot write: {moved.target.native}"
            )
        listed.append(frame("<<name>> <<type>>", name=ident(moved.target.name), type=native))
    body = frame(
        "CREATE TABLE <<table>> (<<columns>>) ENGINE = MergeTree ORDER BY tuple()",
        table=table,
        columns=join(", ", listed),
    )
    return Lowered(op="sql", bodies={"main": body.text})


def is_shaped(ctx: Context, staging: Staging) -> bool:
    """Whether the table takes the target's structure: asked for, or needed by a step that reads its partitions."""
    if staging.shaped:
        return True
    needs = (ExchangeTables, MovePartitions, BuildRewrite, ReplacePartitions, DropPartitions)
    return any(
        used.role == staging.role
        for step in ctx.plan.steps
        if isinstance(step.action, needs)
        for used in (step.action.staging, getattr(step.action, "rewrite", None))
        if used is not None
    )


def load_rows(ctx: Context, action: Transfer) -> Lowered:
    """The receiving half of a transfer: tab separated text, every setting that changes its meaning pinned."""
    seen = view(ctx)
    moved = action.staging.columns or seen.columns
    body = frame(
        "INSERT INTO <<table>> (<<columns>>)<<pinned>> FORMAT TabSeparated",
        table=staging_table(ctx, action.staging),
        columns=columns(tuple(column.target.name for column in moved)),
        pinned=seen.pinned(", ".join(f"{name} = {said}" for name, said in _LOAD.items())),
    )
    # 18.16 has none of these settings, nor a place for them in the statement.
    told = {} if seen.legacy else {"clickhouse_bulk": {"insert_settings": dict(_LOAD)}}
    return Lowered(op="transfer", bodies={"load": body.text}, settings=told)


def check_staged_rows(ctx: Context, action: CheckStagedRows) -> Lowered:
    """Rows staged = rows that the source sent; at level content the digests too."""
    seen, table = view(ctx), staging_table(ctx, action.staging)
    if action.level in {"content", "full"}:
        actual = digest_of(row_text(staged_columns(action.staging) or seen.columns, "target"))
        expected = Sql("concat({source_rows:String}, ':', {source_a:String}, ':', {source_b:String})")
    else:
        actual, expected = Sql("toString(count())"), Sql("{source_rows:String}")
    body = frame(
        "SELECT 'DP501' AS code, concat('staging holds ', actual, ', the source sent ', expected) AS detail, staged AS count "
        "FROM (SELECT <<actual>> AS actual, <<expected>> AS expected, count() AS staged FROM <<table>>) "
        "WHERE actual != expected",
        actual=actual,
        expected=expected,
        table=table,
    )
    return Lowered(op="check", bodies={"main": body.text})


def check_not_empty(ctx: Context, action: CheckNotEmpty) -> Lowered:
    """An empty staging table is a violation."""
    body = frame(
        "SELECT 'DP502' AS code, 'nothing was staged' AS detail, staged AS count "
        "FROM (SELECT count() AS staged FROM <<table>>) WHERE staged = 0",
        table=staging_table(ctx, action.staging),
    )
    return Lowered(op="check", bodies={"main": body.text})


def check_null_keys(ctx: Context, action: CheckNullKeys) -> Lowered:
    """Rows with a NULL key part. Where no part can be NULL the load itself has refused them, and the check is a constant."""
    condition = any_null(view(ctx), action.key) or Sql("0")
    body = frame(
        "SELECT 'DP503' AS code, 'rows with a NULL key part' AS detail, found AS count "
        "FROM (SELECT count() AS found FROM <<table>> WHERE <<condition>>) WHERE found > 0",
        table=staging_table(ctx, action.staging),
        condition=condition,
    )
    return Lowered(op="check", bodies={"main": body.text})


def check_duplicate_keys(ctx: Context, action: CheckDuplicateKeys) -> Lowered:
    """Keys that occur more than once."""
    body = frame(
        "SELECT 'DP504' AS code, 'keys that occur more than once' AS detail, found AS count FROM (SELECT count() AS found "
        "FROM (SELECT 1 FROM <<table>> GROUP BY <<key>> HAVING count() > 1)) WHERE found > 0",
        table=staging_table(ctx, action.staging),
        key=columns(action.key),
    )
    return Lowered(op="check", bodies={"main": body.text})


PINNED_SELECT = (
    state.PINNED + ", max_partitions_per_insert_block = 0, optimize_on_insert = 0, insert_null_as_default = 0"
)
