"""The declared policies that drop staged rows: one mutation of staging, waited for. Whatever it leaves is proved by the gates after it.

https://clickhouse.com/docs/sql-reference/statements/alter/delete, …/operations/settings/settings#mutations_sync
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.keys import any_null
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import CleanStaging
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import columns, ident
from dpone_compiler.sql.render import Sql, frame, join


def clean_staging(ctx: Context, action: CleanStaging) -> Lowered | Unsupported:
    """Repeating it drops nothing more: the row with the latest cursor of each key is always among those that stay."""
    seen = view(ctx)
    if seen.legacy:
        return Unsupported(
            "this server cannot wait for a mutation of staging; use null_keys: fail and staging_duplicates: fail here"
        )
    conditions: list[Sql] = []
    if action.skip_null_keys and (unknown := any_null(seen, action.key)) is not None:
        conditions.append(unknown)
    if action.keep_latest_by:
        conditions.append(_superseded(ctx, seen, action))
    body = frame(
        "ALTER TABLE <<staging>> DELETE WHERE <<dropped>> "
        "SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1",
        staging=staging_table(ctx, action.staging),
        dropped=join(" OR ", conditions or [Sql("0")]),
    )
    return Lowered(op="sql", bodies={"main": body.text}, locks=("a mutation of the staging table, waited for",))


def _superseded(ctx: Context, seen: View, action: CleanStaging) -> Sql:
    """A later row of the same key is staged too. Equal cursors all stay, and the next gate refuses them."""
    moved = _moved(action.staging.columns or seen.columns, action.keep_latest_by)
    # A NULL cursor is older than any other; NULL keys group together, and are skipped or refused by themselves.
    order = ident(moved)
    if seen.nullable(moved):
        order = frame("tuple(isNotNull(<<cursor>>), assumeNotNull(<<cursor>>))", cursor=order)
    return frame(
        "(<<key>>, <<order>>) NOT IN (SELECT <<key>>, max(<<order>>) FROM <<staging>> GROUP BY <<key>>)",
        key=join(", ", [_whole(seen, name) for name in action.key]),
        order=order,
        staging=staging_table(ctx, action.staging),
    )


def _whole(seen: View, name: str) -> Sql:
    """A key part that is never NULL, since IN answers NULL for one."""
    return frame("ifNull(toString(<<name>>), '')", name=ident(name)) if seen.nullable(name) else columns((name,))


def _moved(listed: tuple[MovedColumn, ...], cursor: str) -> str:
    return next((m.target.name for m in listed if m.sql is None and m.source.name == cursor), cursor)
