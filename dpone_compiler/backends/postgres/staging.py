"""Staging tables: made, filled, cleaned, proved, recorded, dropped."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.lease import lost_lease
from dpone_compiler.backends.postgres.script import AFFECTED, beside_columns, do_block, literal, sql, statements, word
from dpone_compiler.backends.postgres.state import has_partitions, mine, state_sql
from dpone_compiler.backends.postgres.stored import count_and_digest
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import (
    CleanStaging,
    CreateStaging,
    DeleteMatching,
    DropStaging,
    RecordStaged,
    Staging,
    Transfer,
    UpdateMatching,
)
from dpone_compiler.plan.changes import technical
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.postgres_native import cast
from dpone_compiler.sql.predicates import any_null
from dpone_compiler.sql.render import Sql, frame, join

# https://www.postgresql.org/docs/current/sql-createtable.html: unlogged tables are emptied after a crash, so the guard of
# record_staged counts. Nothing counts the tables below before they are used: emptied, the keys to delete would look like
# "nothing to delete", and the delta that says which partitions to build like "nothing has changed".
_LOGGED = ("left", "delta")
_CREATE = """\
DROP TABLE IF EXISTS <<staging>>;
CREATE UNLOGGED TABLE <<staging>> AS
<<query>>
WITH NO DATA;
"""
_CREATE_LOGGED = _CREATE.replace(" UNLOGGED", "")

_GUARD = """\
  IF to_regclass(<<name>>) IS NULL THEN
    PERFORM set_config('dponec.done', '0', true);
  ELSE
    PERFORM set_config('dponec.done', CASE WHEN EXISTS (
        SELECT FROM <<state>>
         WHERE load = <<load>> AND phase = 'staged' AND run_id = current_setting('dponec.run_id')
           AND rows_staged = (SELECT count(*) FROM <<staging>>)) THEN '1' ELSE '0' END, true);
  END IF;"""

_RECORD = """\
<<count>>
  UPDATE <<state>>
     SET phase = 'staged', rows_staged = staged, digest = digest_text<<partitions>>, updated_at = clock_timestamp()
<<mine>>
     AND run_id = current_setting('dponec.run_id') AND phase IN ('open', 'staged');
<<lost>>
  PERFORM set_config('dponec.rows_staged', staged::text, true);"""

# set_config(…, true) ends with the transaction: what another transaction counted is never taken.
_PROVED = """\
  found := nullif(current_setting(<<name>>, true), '');
  IF found IS NULL THEN
  <<counted>>
  ELSE
    staged := split_part(found, ' ', 1)::bigint;
    digest_text := nullif(split_part(found, ' ', 2), '');
  END IF;"""


def create_staging(ctx: Context, action: CreateStaging) -> Lowered:
    """An empty table with the target's types and collations, and none of its constraints, indexes or triggers."""
    values: list[exp.Expression] = [
        exp.Alias(this=cast(_typed(m), m.target.native), alias=identifier(m.target.name))
        for m in action.staging.columns
    ]
    query = exp.Select(expressions=values).from_(table(names.target(ctx.load), "t"))
    template = _CREATE_LOGGED if action.staging.role in _LOGGED else _CREATE
    return Lowered(
        op="sql",
        bodies={"main": frame(template, staging=staging_sql(ctx, action.staging), query=sql(query)).text},
        locks=("ACCESS EXCLUSIVE on the staging table", "ACCESS SHARE on the target while its types are read"),
    )


def _typed(moved: MovedColumn) -> exp.Expression:
    """What gives the column its collation: the target's own column, which technical columns do not have."""
    return exp.Null() if technical(moved.target.name) else column(moved.target.name, "t")


def load_staging(ctx: Context, action: Transfer) -> Lowered | Unsupported:
    """COPY into staging by a list of columns."""
    if action.wire not in _COPY_IN:
        return Unsupported(f"Postgres does not read the wire format {action.wire!r}")
    listed = join(", ", [word(identifier(m.target.name)) for m in action.staging.columns])
    body = frame(_COPY_IN[action.wire], staging=staging_sql(ctx, action.staging), columns=listed)
    return Lowered(
        op="transfer",
        bodies={"load": body.text},
        locks=("ROW EXCLUSIVE on the staging table",),
        settings={"copy": _COPY_SETTINGS[action.wire]},
    )


_COPY_SETTINGS = {
    "binary": {"FORMAT": "binary"},
    "text": {"FORMAT": "text", "ENCODING": "'UTF8'"},
    "tsv": {"FORMAT": "text", "ENCODING": "'UTF8'"},
}
_COPY_IN = {
    wire: "COPY <<staging>> (<<columns>>) FROM STDIN (" + ", ".join(f"{k} {v}" for k, v in told.items()) + ");\n"
    for wire, told in _COPY_SETTINGS.items()
}


def clean_staging(ctx: Context, action: CleanStaging) -> Lowered:
    """Drop the rows that the declared policies drop, and say how many."""
    parts: list[Sql] = []
    staging = names.staging(ctx, action.staging)
    if action.skip_null_keys:
        delete = exp.delete(table(staging)).where(any_null(action.key))
        parts.append(frame("  <<delete>>;\n<<count>>", delete=sql(delete), count=_counted("rows_null_keys")))
    if action.keep_latest_by:
        parts.append(_keep_latest(ctx, action))
    result = Sql(
        "SELECT coalesce(nullif(current_setting('dponec.rows_null_keys', true), ''), '0') AS rows_null_keys,\n"
        "       coalesce(nullif(current_setting('dponec.rows_duplicate', true), ''), '0') AS rows_duplicate;\n"
    )
    body = statements(do_block(statements(*parts), AFFECTED), result) if parts else result
    return Lowered(
        op="query",
        bodies={"main": body.text},
        captures=("rows_null_keys", "rows_duplicate"),
        locks=("ROW EXCLUSIVE on the staging table",),
    )


def _counted(name: str) -> Sql:
    return frame(
        "  GET DIAGNOSTICS affected = ROW_COUNT;\n  PERFORM set_config(<<name>>, affected::text, true);",
        name=literal(f"dponec.{name}"),
    )


def _keep_latest(ctx: Context, action: CleanStaging) -> Sql:
    """Of rows with one key the one with the greatest cursor stays; of equal cursors all stay, and the next gate refuses them."""
    cursor = _target_name(action.staging.columns, action.keep_latest_by)
    return frame(
        "  DELETE FROM <<staging>> AS d USING (\n"
        "    SELECT ctid AS place, rank() OVER (PARTITION BY <<key>> ORDER BY <<cursor>> DESC NULLS LAST) AS n\n"
        "      FROM <<staging>>\n  ) AS r WHERE d.ctid = r.place AND r.n > 1;\n<<count>>",
        staging=staging_sql(ctx, action.staging),
        key=join(", ", [word(column(k)) for k in action.key]),
        cursor=word(column(cursor)),
        count=_counted("rows_duplicate"),
    )


def _target_name(columns: tuple[MovedColumn, ...], source_name: str) -> str:
    moved = (m.target.name for m in columns if m.sql is None and m.source.name == source_name)
    return next(moved, source_name)


def record_staged(ctx: Context, action: RecordStaged) -> Lowered:
    """Phase staged: count and digest are taken from staging itself, which the checks before have proved."""
    params = ["run_id", "fence"]
    partitions = Sql("")
    if has_partitions(ctx):
        params.append("partitions")
        partitions = Sql(", partitions = current_setting('dponec.partitions')")
    staging = staging_sql(ctx, action.staging)
    body = frame(
        _RECORD,
        count=_proved(ctx, action),
        state=state_sql(ctx.load),
        partitions=partitions,
        mine=mine(ctx.load),
        lost=lost_lease(),
    )
    declare = beside_columns(Sql("  affected bigint;\n  staged bigint;\n  digest_text text;\n  found text;"))
    result = Sql("SELECT current_setting('dponec.rows_staged') AS rows_staged;\n")
    return Lowered(
        op="query",
        bodies={"main": statements(*_statistics(ctx, action), do_block(body, declare), result).text},
        params=tuple(params),
        captures=("rows_staged",),
        guard=_guard(ctx, staging).text,
        locks=("ROW EXCLUSIVE on the state table and its row until the transaction ends",),
    )


def _proved(ctx: Context, action: RecordStaged) -> Sql:
    """What check_staged_rows has just counted in this transaction, unless a clean changed the rows since."""
    counted = frame("  SELECT count(*) INTO staged FROM <<staging>>;", staging=staging_sql(ctx, action.staging))
    if action.level in ("content", "full"):
        counted = count_and_digest(ctx, action.staging, "staged, digest_text")
    if any(isinstance(step.action, CleanStaging) for step in ctx.plan.steps):
        return counted
    return frame(_PROVED, name=literal(proved(action.staging)), counted=counted)


def _statistics(ctx: Context, action: RecordStaged) -> list[Sql]:
    """Rows that will be joined by key are made known to the planner first, which would else hash the whole target."""
    joined = any(isinstance(step.action, (DeleteMatching, UpdateMatching)) for step in ctx.plan.steps)
    held = {moved.target.name for moved in action.staging.columns}
    if not joined or not ctx.load.write.key or not held.issuperset(ctx.load.write.key):
        return []
    keys = join(", ", [word(identifier(name)) for name in ctx.load.write.key])
    return [frame("ANALYZE <<staging>> (<<keys>>);", staging=staging_sql(ctx, action.staging), keys=keys)]


def proved(staging: Staging) -> str:
    """The setting that holds count and digest of a checked staging table until the transaction ends."""
    return f"dponec.proved_{staging.role}"


def _guard(ctx: Context, staging: Sql) -> Sql:
    body = frame(
        _GUARD, name=literal(staging.text), state=state_sql(ctx.load), load=literal(ctx.load.name), staging=staging
    )
    return statements(do_block(body), Sql("SELECT current_setting('dponec.done') AS done;\n"))


def drop_staging(ctx: Context, action: DropStaging) -> Lowered:
    """Remove a staging table of this load."""
    return Lowered(
        op="sql",
        bodies={"main": frame("DROP TABLE IF EXISTS <<staging>>;\n", staging=staging_sql(ctx, action.staging)).text},
        locks=("ACCESS EXCLUSIVE on the staging table",),
    )


def staging_sql(ctx: Context, staging: Staging) -> Sql:
    """The staging table's name."""
    return word(table(names.staging(ctx, staging)))
