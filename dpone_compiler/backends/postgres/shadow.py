"""shadow_swap: the whole new target is built beside the old one, proved there, and takes its name in the same transaction.

Other writers wait from the first read of the old table on, for their rows would be lost with it; readers wait for the exchange alone.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.apply import written
from dpone_compiler.backends.postgres.script import (
    AFFECTED,
    count_affected,
    counter,
    do_block,
    literal,
    sql,
    statements,
    word,
)
from dpone_compiler.backends.postgres.successor import DECLARED, dropped, obstacles, taken_over
from dpone_compiler.plan.actions import BuildShadow, Staging
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.predicates import key_match
from dpone_compiler.sql.render import Sql, frame, join

_BUILD = """\
<<leftovers>>
  LOCK TABLE <<target>> IN SHARE ROW EXCLUSIVE MODE;
  CREATE TABLE <<shadow>> (LIKE <<target>> INCLUDING ALL);
<<staged>>
<<kept>>
  ANALYZE <<shadow>>;"""

# What is not carried over is deleted; only the rows of staged keys come back.
_KEPT = """\
  INSERT INTO <<shadow>> (<<columns>>)
<<query>>;
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (<<old>> + (SELECT count(*) FROM <<target>>) - affected)::text, true);"""

_SWAP = """\
  old := to_regclass(<<target>>);
  fresh := to_regclass(<<shadow>>);
  LOCK TABLE <<table>> IN ACCESS EXCLUSIVE MODE;
<<unfit>>
<<taken>>
  EXECUTE format('ALTER TABLE %s RENAME TO %I', old, <<retired>>);
  EXECUTE format('ALTER TABLE %s RENAME TO %I', fresh, <<name>>);"""

_VISIBLE = {
    "READ COMMITTED": "old rows until the exchange, waits for COMMIT (ACCESS EXCLUSIVE), then sees the new table",
    "REPEATABLE READ": "a reader that has read the target makes the exchange wait and goes on seeing the old rows; one whose "
    "snapshot is older and that first reads the target after COMMIT sees NO rows",
}


def build_shadow(ctx: Context, action: BuildShadow) -> Lowered:
    """Rows that stay and the staged rows, in a table with the target's columns, constraints, indexes and defaults."""
    target, shadow = word(table(names.target(ctx.load))), word(table(names.successor(ctx)))
    columns = [word(identifier(m.target.name)) for m in written(action.staging.columns)]
    staged = frame(
        "  INSERT INTO <<shadow>> (<<columns>>)\n  SELECT <<columns>> FROM <<staging>>;\n<<count>>",
        shadow=shadow,
        columns=join(", ", columns),
        staging=word(table(names.staging(ctx, action.staging))),
        count=count_affected("rows_inserted"),
    )
    body = frame(
        _BUILD,
        leftovers=dropped(names.swap_prefix(ctx)),
        target=target,
        shadow=shadow,
        staged=staged,
        kept=_kept(ctx, action, target, shadow),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, statements(AFFECTED, Sql("  given record;"))).text + "\n"},
        locks=("SHARE ROW EXCLUSIVE on the target until the transaction ends: other writers wait, readers do not",),
        visibility={"READ COMMITTED": "old rows", "REPEATABLE READ": "old rows"},
    )


def _kept(ctx: Context, action: BuildShadow, target: Sql, shadow: Sql) -> Sql:
    """The rows whose key is neither staged nor gone, with every column of the target. A NULL in a key matches nothing, so it stays."""
    facts = ctx.facts.target_table
    known = facts.structure.columns if facts is not None else tuple(m.target for m in action.staging.columns)
    plain = [c.name for c in known if not c.generated]
    query = exp.Select(expressions=[column(name, "t") for name in plain]).from_(table(names.target(ctx.load), "t"))
    if not action.key:
        query = query.where(exp.false())
    for gone in (action.staging, *([action.left] if action.left is not None else [])):
        if action.key:
            matching = (
                exp.select("1").from_(table(names.staging(ctx, gone), "s")).where(key_match(action.key, "t", "s"))
            )
            query = query.where(exp.Not(this=exp.Exists(this=matching)))
    return frame(
        _KEPT,
        shadow=shadow,
        columns=join(", ", [word(identifier(name)) for name in plain]),
        query=sql(query),
        old=word(counter("rows_deleted")),
        target=target,
    )


def exchange_tables(ctx: Context, _staging: Staging) -> Lowered:
    """Owner, privileges and the rest are copied under the lock, where nobody can change them any more; then two renames."""
    target = names.target(ctx.load)
    body = frame(
        _SWAP,
        target=literal(word(table(target)).text),
        shadow=literal(word(table(names.successor(ctx))).text),
        table=word(table(target)),
        unfit=obstacles("old", root=True),
        taken=taken_over(names.swap_prefix(ctx)),
        retired=literal(names.swap_prefix(ctx) + "o1"),
        name=literal(target.name),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, DECLARED).text + "\n"},
        locks=("ACCESS EXCLUSIVE on the target from the exchange to COMMIT: readers and writers wait",),
        visibility=_VISIBLE,
    )
