"""Changing the target inside the finalizer's transaction. Every statement leaves its row count for Reconcile.

No MERGE: it needs HOLDLOCK and UPDLOCK under a unique index to be right under concurrency, and the vendor advises separate
statements where one table is brought in line with another.
https://learn.microsoft.com/en-us/sql/t-sql/statements/merge-transact-sql
Instead: UPDATE of the rows that differ (EXISTS … EXCEPT, which takes NULL as a value) and INSERT … WHERE NOT EXISTS, or DELETE and
INSERT, under key-range locks (UPDLOCK, HOLDLOCK) that are kept until COMMIT.
https://learn.microsoft.com/en-us/sql/t-sql/queries/hints-transact-sql-table
"""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.marks import is_marked, no_mark
from dpone_compiler.backends.mssql.predicates import PREDICATES
from dpone_compiler.backends.mssql.script import count_affected, inside, listed, literal, sql, statements, word
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import DeleteAll, DeleteMatching, DeletePartitions, InsertStaged, UpdateMatching
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.predicates import key_match, partition_predicate
from dpone_compiler.sql.render import Sql, frame, join

# https://learn.microsoft.com/en-us/sql/t-sql/statements/set-transaction-isolation-level-transact-sql
_VERSIONED = "old rows until COMMIT, from then on the new ones"
_UNCHANGED = {
    "READ COMMITTED": "waits for the rows that are locked, until COMMIT",
    "READ COMMITTED SNAPSHOT": _VERSIONED,
    "SNAPSHOT": "old rows as long as its transaction lives",
    "READ UNCOMMITTED": "sees the change half done",
}
_TRUNCATED = {
    # Sch-M is granted when nobody reads, and nobody reads until COMMIT.
    "READ COMMITTED": "waits for COMMIT (Sch-M), then sees the new rows",
    "READ COMMITTED SNAPSHOT": "waits for COMMIT (Sch-M), then sees the new rows",
    "SNAPSHOT": "waits for COMMIT (Sch-M); a transaction that began before may then be refused (3961)",
    "READ UNCOMMITTED": "waits for COMMIT (Sch-M), then sees the new rows",
}
# https://learn.microsoft.com/en-us/sql/relational-databases/sql-server-transaction-locking-and-row-versioning-guide#lock-escalation
_ESCALATES = "from about 5,000 locks on, the server makes one lock on the whole table of them"
_KEYS = (
    "key-range locks (UPDLOCK, HOLDLOCK) on the matched keys of the target until the transaction ends; without an index on the key "
    "the whole table is locked",
    _ESCALATES,
)
_WHOLE = ("X on the target until the transaction ends: writers wait, and readers but those of row versions",)

_ROWS = "  DECLARE @dp_rows bigint;"
_DELETE_ALL = """\
  DELETE FROM <<target>> WITH (TABLOCKX, HOLDLOCK);
<<count>>"""
_TRUNCATE = """\
  SELECT @dp_rows = COUNT_BIG(*) FROM <<target>> WITH (TABLOCKX, HOLDLOCK);
  EXEC sys.sp_set_session_context @key = <<key>>, @value = @dp_rows;
  TRUNCATE TABLE <<target>>;"""
_DELETE = """\
  DELETE [t]
    FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
   WHERE <<which>>;
<<count>>"""
_MATCHED = """\
  SELECT @dp_rows = COUNT_BIG(*)
    FROM <<staging>> AS [s]
   WHERE EXISTS (SELECT 1 FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE <<match>>);
  EXEC sys.sp_set_session_context @key = <<key>>, @value = @dp_rows;"""
_UPDATE = """\
  UPDATE [t]
     SET <<assignments>>
    FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
   INNER JOIN <<staging>> AS [s] ON <<match>>
   WHERE <<revived>>EXISTS (SELECT <<new>>
                 EXCEPT
                 SELECT <<old>>);
<<count>>"""
_INSERT = """\
  INSERT INTO <<target>> (<<columns>>)
  SELECT <<values>>
    FROM <<staging>> AS [s]<<missing>>;
<<count>>"""
_MISSING = """
   WHERE NOT EXISTS (SELECT 1 FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE <<match>>)"""
# https://learn.microsoft.com/en-us/sql/t-sql/statements/set-identity-insert-transact-sql: one table a session may have it.
_IDENTITY = """\
  SET IDENTITY_INSERT <<target>> ON;
<<insert>>
  SET IDENTITY_INSERT <<target>> OFF;"""
# EXCEPT says of two numbers, dates, instants (whatever their offsets) or GUIDs exactly whether they are equal.
_EXACT = (Kind.BOOL, Kind.INT, Kind.DECIMAL, Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.UUID)


def delete_all(ctx: Context, action: DeleteAll) -> Lowered:
    """DELETE leaves the readers of row versions their rows; TRUNCATE is faster and makes every reader wait."""
    target = _target(ctx)
    if action.truncate:
        body = frame(_TRUNCATE, target=target, key=literal(names.counter("rows_deleted")))
        lock = "Sch-M on the target until the transaction ends: readers and writers wait"
        return _lowered(ctx, body, (lock,), _TRUNCATED)
    return _lowered(ctx, frame(_DELETE_ALL, target=target, count=count_affected("rows_deleted")), _WHOLE)


def delete_matching(ctx: Context, action: DeleteMatching) -> Lowered:
    """Typed equality on the bare keys. A row whose partition value is NULL lies outside of every list that does not name NULL."""
    staged = exp.select("1").from_(table(names.staging(ctx, action.staging), "s"))
    conditions: list[exp.Expression] = [exp.Exists(this=staged.where(key_match(action.key, "t", "s")))]
    params = []
    if action.outside is not None:
        there = partition_predicate(action.outside, column(action.outside.column, "t"), PREDICATES)
        conditions.append(shape("CASE WHEN :there THEN 0 ELSE 1 END = 1", there=there))
        params.append(action.outside.parameter)
    return delete_where(ctx, cast(exp.Expression, exp.and_(*conditions)), tuple(params))


def delete_partitions(ctx: Context, action: DeletePartitions) -> Lowered:
    """The rows of the affected partitions, by the very predicate that read them."""
    which = partition_predicate(action.partitions, column(action.partitions.column, "t"), PREDICATES)
    return delete_where(ctx, which, (action.partitions.parameter,))


def delete_where(ctx: Context, which: exp.Expression, params: tuple[str, ...] = ()) -> Lowered:
    """Delete rows `t` of the target, and count them."""
    body = frame(_DELETE, target=_target(ctx), which=sql(which), count=count_affected("rows_deleted"))
    return _lowered(ctx, body, _KEYS, params=params)


def update_matching(ctx: Context, action: UpdateMatching) -> Lowered:
    """Rows whose key is staged and that differ; how many keys matched is kept, since equal rows are not touched."""
    staging = word(table(names.staging(ctx, action.staging)))
    match = word(key_match(action.key, "t", "s"))
    key = literal(names.counter("rows_matched"))
    parts = [frame(_MATCHED, staging=staging, target=_target(ctx), match=match, key=key)]
    # A key that is called equal may be spelled otherwise, by its collation, by blanks or zeros behind it: it is brought in line, too.
    kept = [k for k in action.key if _kind(action, k) in _EXACT]
    plain = [m for m in written(action.staging.columns) if m.target.name not in kept and not m.target.identity]
    if plain or action.mark is not None:
        assign = "[t].<<name>> = [s].<<name>>"
        assignments = [frame(assign, name=word(identifier(m.target.name))) for m in plain]
        revived = Sql("")
        if action.mark is not None:
            name, cleared = word(identifier(action.mark.name)), word(no_mark(action.mark))
            assignments.append(frame("[t].<<name>> = <<cleared>>", name=name, cleared=cleared))
            revived = frame("<<marked>> OR ", marked=word(is_marked(action.mark, "t")))
        parts.append(
            frame(
                _UPDATE,
                revived=revived,
                assignments=join(",\n         ", assignments),
                target=_target(ctx),
                staging=staging,
                match=match,
                new=listed([c for m in plain for c in comparable(m, "s")] or [Sql("1")]),
                old=listed([c for m in plain for c in comparable(m, "t")] or [Sql("1")]),
                count=count_affected("rows_updated"),
            )
        )
    return _lowered(ctx, statements(*parts), _KEYS)


def _kind(action: UpdateMatching, name: str) -> Kind:
    return next(m.target.type.kind for m in action.staging.columns if m.target.name == name)


def comparable(moved: MovedColumn, side: str) -> list[Sql]:
    """Forms in which two values are equal exactly when the content digest is: a collation calls 'a' and 'A' equal, every comparison
    of texts pads with blanks, and one of binaries with zeros, so their bytes and their number count."""
    value, type_ = column(moved.target.name, side), moved.target.type
    if type_.kind in _EXACT:
        return [word(value)]
    if type_.kind is Kind.FLOAT:
        return [word(convert(f"binary({4 if type_.bits == 32 else 8})", value))]
    # A text is widened first, so that the two sides are compared alike whatever their types are.
    wide = convert("nvarchar(max)", value) if type_.kind is not Kind.BYTES else value
    plain = convert("varbinary(max)", wide)
    size = exp.Anonymous(this="DATALENGTH", expressions=[plain.copy()])
    return [word(plain), word(size)]


def insert_staged(ctx: Context, action: InsertStaged) -> Lowered:
    """Columns by name; `missing_key`: the rows whose key the target lacks."""
    columns = written(action.staging.columns)
    marks = [action.mark] if action.mark is not None else []
    missing = Sql("")
    if action.missing_key:
        missing = frame(_MISSING, target=_target(ctx), match=word(key_match(action.missing_key, "t", "s")))
    insert = frame(
        _INSERT,
        target=_target(ctx),
        columns=listed([word(identifier(m.target.name)) for m in columns] + [word(identifier(m.name)) for m in marks]),
        values=listed([word(column(m.target.name, "s")) for m in columns] + [word(no_mark(m)) for m in marks]),
        staging=word(table(names.staging(ctx, action.staging))),
        missing=missing,
        count=count_affected("rows_inserted"),
    )
    if any(m.target.identity for m in columns):
        insert = frame(_IDENTITY, target=_target(ctx), insert=insert)
    locks = _KEYS if action.missing_key else ("X on the new rows of the target until the transaction ends", _ESCALATES)
    return _lowered(ctx, insert, locks)


def changing(ctx: Context, body: Sql, params: tuple[str, ...] = ()) -> Lowered:
    """A batch that changes rows of the target by key. `body` may use @dp_rows."""
    return _lowered(ctx, body, _KEYS, params=params)


def written(columns: tuple[MovedColumn, ...]) -> tuple[MovedColumn, ...]:
    """Columns that may be written: a computed column computes itself."""
    return tuple(m for m in columns if not m.target.generated)


def _target(ctx: Context) -> Sql:
    return word(table(names.target(ctx.load)))


def _lowered(
    ctx: Context,
    body: Sql,
    locks: tuple[str, ...],
    visibility: dict[str, str] = _UNCHANGED,
    *,
    params: tuple[str, ...] = (),
) -> Lowered:
    whole = inside(ctx.load, statements(Sql(_ROWS), body))
    return Lowered(op="sql", bodies={"main": whole.text}, params=params, locks=locks, visibility=visibility)
