"""Changing the target inside the finalizer's transaction. Every statement leaves its row count for Reconcile.

Where rows that exist are changed, the target is first locked against other writers (readers go on), so that what Reconcile
proves is still so at COMMIT. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.marks import is_marked, no_mark
from dpone_compiler.backends.postgres.predicates import PREDICATES
from dpone_compiler.backends.postgres.script import AFFECTED, count_affected, counter, do_block, sql, statements, word
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import DeleteAll, DeleteMatching, DeletePartitions, InsertStaged, UpdateMatching
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.predicates import key_match, partition_predicate
from dpone_compiler.sql.render import Sql, frame, join

_UNCHANGED = {
    # MVCC: https://www.postgresql.org/docs/current/transaction-iso.html
    "READ COMMITTED": "old rows until COMMIT, from then on the new ones",
    "REPEATABLE READ": "old rows as long as its snapshot lives",
}
_TRUNCATED = {
    # https://www.postgresql.org/docs/current/mvcc-caveats.html
    "READ COMMITTED": "waits for COMMIT (ACCESS EXCLUSIVE), then sees the new rows",
    "REPEATABLE READ": "a snapshot taken before and first used on the table after COMMIT sees NO rows",
}
_WRITE_LOCK = ("SHARE ROW EXCLUSIVE on the target until the transaction ends: other writers wait, readers do not",)
_TRUNCATE_COUNTED = """\
LOCK TABLE <<target>> IN ACCESS EXCLUSIVE MODE;
SELECT set_config('dponec.rows_deleted', count(*)::text, true) FROM <<target>>;
TRUNCATE TABLE <<target>>;
"""
_EXACT = (Kind.BOOL, Kind.INT, Kind.DECIMAL, Kind.BYTES, Kind.UUID, Kind.DATE, Kind.TIME, Kind.TIMESTAMP)


def delete_all(ctx: Context, action: DeleteAll) -> Lowered:
    """DELETE keeps old snapshots whole; TRUNCATE is faster and shows them an empty table."""
    target = names.target(ctx.load)
    if action.truncate:
        # Only a limit on what may be deleted needs to know how many rows TRUNCATE takes away.
        limits = ctx.load.write.limits
        limited = limits.max_delete_ratio is not None or limits.max_delete_rows is not None
        body = frame(_TRUNCATE_COUNTED if limited else "TRUNCATE TABLE <<target>>;\n", target=word(table(target)))
        lock = "ACCESS EXCLUSIVE on the target until the transaction ends: readers and writers wait"
        return Lowered(op="sql", bodies={"main": body.text}, locks=(lock,), visibility=_TRUNCATED)
    return changing(ctx, counted(exp.delete(table(target)), "rows_deleted"))


def delete_matching(ctx: Context, action: DeleteMatching) -> Lowered:
    """Typed equality on the bare keys. A row whose partition value is NULL lies outside of every list that does not name NULL."""
    conditions, params = [key_match(action.key, "t", "s")], []
    if action.outside is not None:
        inside = partition_predicate(action.outside, column(action.outside.column, "t"), PREDICATES)
        conditions.append(shape("(:inside) IS NOT TRUE", inside=inside))
        params.append(action.outside.parameter)
    delete = exp.Delete(
        this=table(names.target(ctx.load), "t"),
        using=[table(names.staging(ctx, action.staging), "s")],
        where=exp.Where(this=exp.and_(*conditions)),
    )
    return changing(ctx, counted(delete, "rows_deleted"), tuple(params))


def delete_partitions(ctx: Context, action: DeletePartitions) -> Lowered:
    """The rows of the affected partitions, by the very predicate that read them."""
    inside = partition_predicate(action.partitions, column(action.partitions.column), PREDICATES)
    delete = exp.delete(table(names.target(ctx.load))).where(inside)
    return changing(ctx, counted(delete, "rows_deleted"), (action.partitions.parameter,))


def update_matching(ctx: Context, action: UpdateMatching) -> Lowered:
    """Rows whose key is staged and that differ; how many keys matched is kept, since equal rows are not touched."""
    staging, target = names.staging(ctx, action.staging), names.target(ctx.load)
    present = exp.select("1").from_(table(target, "t")).where(key_match(action.key, "t", "s"))
    matched = exp.select("count(*)").from_(table(staging, "s")).where(exp.Exists(this=present))
    parts = [
        frame(
            "  PERFORM set_config('dponec.rows_matched', (<<old>> + (\n<<matched>>\n  ))::text, true);",
            old=word(counter("rows_matched")),
            matched=sql(matched),
        )
    ]
    plain = [m for m in _settable(action.staging.columns, action.key) if not m.target.identity]
    if plain or action.mark is not None:
        parts.append(counted(_update(ctx, action, plain), "rows_updated"))
    return changing(ctx, statements(*parts))


def _update(ctx: Context, action: UpdateMatching, plain: list[MovedColumn]) -> exp.Update:
    left, right = (exp.Anonymous(this="ROW", expressions=[comparable(m, side) for m in plain]) for side in ("t", "s"))
    changes = [exp.EQ(this=column(m.target.name), expression=column(m.target.name, "s")) for m in plain]
    differs: exp.Expression = exp.NullSafeNEQ(this=left, expression=right) if plain else exp.false()
    if action.mark is not None:
        changes.append(exp.EQ(this=column(action.mark.name), expression=no_mark(action.mark)))
        differs = exp.Paren(this=exp.or_(differs, is_marked(action.mark, "t")))
    return exp.Update(
        this=table(names.target(ctx.load), "t"),
        expressions=changes,
        from_=exp.From(this=table(names.staging(ctx, action.staging), "s")),
        where=exp.Where(this=exp.and_(key_match(action.key, "t", "s"), differs)),
    )


def comparable(moved: MovedColumn, side: str) -> exp.Expression:
    """A form in which two values are equal exactly when the content digest is: `=` calls 'a' and 'A' of a citext, 0 and -0,

    or 1 month and 30 days equal, and has no answer for json.
    """
    value = column(moved.target.name, side)
    kind = moved.target.type.kind
    if kind in _EXACT:
        return value
    if kind is Kind.FLOAT:
        send = "float4send" if moved.target.type.bits == 32 else "float8send"
        return exp.Anonymous(this=send, expressions=[value])
    return shape('(:value)::text COLLATE "C"', value=value)


def insert_staged(ctx: Context, action: InsertStaged) -> Lowered:
    """Columns by name; `missing_key`: the rows whose key the target lacks; `upsert_key`: those that it has are updated."""
    columns = written(action.staging.columns)
    listed = [m.target.name for m in columns]
    values: list[exp.Expression] = [column(m.target.name, "s") for m in columns]
    if action.mark is not None:
        listed.append(action.mark.name)
        values.append(no_mark(action.mark))
    query = exp.Select(expressions=values).from_(table(names.staging(ctx, action.staging), "s"))
    if action.missing_key:
        present = (
            exp.select("1").from_(table(names.target(ctx.load), "t")).where(key_match(action.missing_key, "t", "s"))
        )
        query = query.where(exp.Not(this=exp.Exists(this=present)))
    # Needed for GENERATED ALWAYS AS IDENTITY, harmless elsewhere: https://www.postgresql.org/docs/current/sql-insert.html
    identity = any(m.target.identity for m in columns)
    insert = frame(
        _INSERT,
        target=word(table(names.target(ctx.load), "t")),
        columns=join(", ", [word(identifier(name)) for name in listed]),
        overriding=Sql(" OVERRIDING SYSTEM VALUE" if identity else ""),
        query=sql(query),
        conflict=_on_conflict(action) if action.upsert_key else Sql(""),
    )
    body = frame("  <<insert>>;\n<<count>>", insert=insert, count=count_affected("rows_inserted"))
    if action.missing_key or action.upsert_key:
        return changing(ctx, body)
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, AFFECTED).text + "\n"},
        locks=("ROW EXCLUSIVE on the target until the transaction ends: nobody waits",),
        visibility=_UNCHANGED,
    )


_INSERT = "INSERT INTO <<target>> (<<columns>>)<<overriding>>\n<<query>><<conflict>>"


def _on_conflict(action: InsertStaged) -> Sql:
    others = [m.target.name for m in _settable(action.staging.columns, action.upsert_key)]
    # A table of nothing but its key: touching the row keeps it among those that INSERT counts.
    given = others or list(action.upsert_key[:1])
    return frame(
        "\nON CONFLICT (<<key>>) DO UPDATE SET\n  <<given>>",
        key=join(", ", [word(identifier(name)) for name in action.upsert_key]),
        given=join(",\n  ", [_excluded(name) for name in given]),
    )


def _excluded(name: str) -> Sql:
    return frame("<<name>> = <<value>>", name=word(identifier(name)), value=word(column(name, "excluded")))


def _settable(columns: tuple[MovedColumn, ...], key: tuple[str, ...]) -> list[MovedColumn]:
    """What a row of an equal key may lack. Keys that are equal need not be the same: 'a' and 'A' of a citext, 0 and -0."""
    return [m for m in written(columns) if m.target.name not in key or m.target.type.kind not in _EXACT]


def written(columns: tuple[MovedColumn, ...]) -> tuple[MovedColumn, ...]:
    """Columns that may be written: a generated column computes itself."""
    return tuple(m for m in columns if not m.target.generated)


def counted(statement: exp.Expression, name: str) -> Sql:
    """A statement whose row count is added to a counter of the transaction."""
    """A statement that leaves its row count under a name."""
    return frame("  <<statement>>;\n<<count>>", statement=sql(statement), count=count_affected(name))


def changing(ctx: Context, body: Sql, params: tuple[str, ...] = ()) -> Lowered:
    """Statements that change rows that exist: other writers wait."""
    lock = frame("  LOCK TABLE <<target>> IN SHARE ROW EXCLUSIVE MODE;\n", target=word(table(names.target(ctx.load))))
    return Lowered(
        op="sql",
        bodies={"main": do_block(frame("<<lock>><<body>>", lock=lock, body=body), AFFECTED).text + "\n"},
        params=params,
        locks=_WRITE_LOCK,
        visibility=_UNCHANGED,
    )
