"""The proof inside the finalizer's transaction: the target holds what was staged, or nothing is committed.

counts: rows affected (and rows in scope where that is cheap) equal rows staged. keys: staging and target lack no key of each
other within the scope. content, full: the digest of the scope in the target is the one recorded with the staging.
The target is read under HOLDLOCK: a plain READ COMMITTED scan may miss a row or read it twice while others write.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.canonical import digest_of, stored_rows
from dpone_compiler.backends.mssql.marks import unmarked
from dpone_compiler.backends.mssql.predicates import PREDICATES, MssqlPredicates
from dpone_compiler.backends.mssql.scope import within
from dpone_compiler.backends.mssql.script import (
    counter,
    inside,
    literal,
    mine,
    refuse,
    sql,
    state_sql,
    statements,
    word,
)
from dpone_compiler.backends.mssql.staging import staging_sql
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import (
    BuildShadow,
    DeleteMatching,
    InsertStaged,
    Reconcile,
    Staging,
    SwapPartitions,
    UpdateMatching,
)
from dpone_compiler.plan.snapshot_actions import CheckDeletes
from dpone_compiler.plan.tombstones import MarkDeleted, ProveDeleted
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.predicates import interval_predicate, key_match, partition_predicate
from dpone_compiler.sql.render import Sql, frame

_DECLARE = Sql(
    "  DECLARE @dp_message nvarchar(2048), @dp_expected bigint, @dp_found bigint;\n"
    "  DECLARE @dp_expected_digest varchar(80), @dp_found_digest varchar(80);"
)
_EXPECTED = """\
  SELECT @dp_expected = [rows_staged], @dp_expected_digest = [digest] FROM <<state>>
<<mine>>
     AND [run_id] = @run_id AND [phase] = N'staged';
  IF @dp_expected IS NULL
<<refuse>>"""

_EQUAL = """\
<<found>>
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
<<refuse>>"""

_NONE = """\
  SELECT @dp_found = COUNT_BIG(*)
    FROM <<rows>>;
  IF @dp_found <> 0
<<refuse>>"""

# One pass over the scope. Equal digests imply equal keys; which keys are wrong is asked only when they differ.
_COUNTED = """\
  SELECT @dp_found = COUNT_BIG(*), @dp_found_digest = <<digest>>
    FROM <<rows>>;"""

_SAME = """\
  IF @dp_expected_digest IS NULL OR @dp_found_digest IS NULL OR @dp_found_digest <> @dp_expected_digest
  BEGIN
<<why>><<refuse>>
  END;"""

# What the target has lost: by net count where old rows gave way to new ones, by deleted rows where keys were updated in place.
_SHARE = """\
  SELECT @dp_found = COUNT_BIG(*) FROM <<target>>;
  IF <<removed>> > <<limit>> * (@dp_found + <<net>>)
<<refuse>>"""

_ROWS = """\
  IF <<removed>> > <<limit>>
<<refuse>>"""

_TRIGGERS = "the transaction was rolled back; look for triggers on the target, and for security policies"
_SCOPE_COUNT = ("the target holds ", " rows of this run's scope, ")
_PROVING_KEYS = ("keys", "content", "full")


def reconcile(ctx: Context, action: Reconcile) -> Lowered:
    """One batch; every IF of it throws DP510."""
    nothing = refuse(
        "DP510",
        "the transaction was rolled back; run again",
        literal("the state row does not say how many rows this run staged"),
    )
    staged = frame("  SELECT @dp_found = COUNT_BIG(*) FROM <<s>>;", s=staging_sql(ctx, action.staging))
    parts = [
        frame(_EXPECTED, state=state_sql(ctx.load), mine=mine(ctx.load), refuse=nothing),
        _equal(staged, "staging holds ", " rows now, "),
        *([] if any(isinstance(step.action, BuildShadow) for step in ctx.plan.steps) else _applied(ctx)),
    ]
    proofs = _key_proofs(ctx, action) if action.key and action.level in _PROVING_KEYS else []
    if action.level in ("content", "full") and (action.key or _exact(action)):
        parts += _same_content(ctx, action, proofs)
    else:
        parts += [*_scope_count(ctx, action), *proofs]
    parts += _left_proofs(ctx, action)
    if ctx.load.write.limits.max_delete_ratio is not None and not _checked_before(ctx) and action.of is None:
        parts.append(_share(ctx, ctx.load.write.limits.max_delete_ratio))
    if ctx.load.write.limits.max_delete_rows is not None and not _checked_before(ctx) and action.of is None:
        parts.append(_rows(ctx, ctx.load.write.limits.max_delete_rows))
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, statements(_DECLARE, *parts)).text},
        params=("run_id", "fence", *_scope_params(action)),
        locks=("S (key-range) on the rows of the target that are compared, until the transaction ends",),
    )


def _applied(ctx: Context) -> list[Sql]:
    """Rows inserted, and rows that were there already, are the rows staged."""
    actions = [step.action for step in ctx.plan.steps]
    if any(isinstance(a, SwapPartitions) for a in actions):
        return []  # nothing is inserted: what was built is counted in the scope
    updates = any(isinstance(a, UpdateMatching) for a in actions)
    if not updates and any(isinstance(a, InsertStaged) and a.missing_key for a in actions):
        return []  # rows that were there are skipped and not counted; the keys prove it
    done = counter("rows_inserted")
    if updates:
        done = frame("<<done>> + <<matched>>", done=done, matched=counter("rows_matched"))
    return [_equal(frame("  SET @dp_found = <<done>>;", done=done), "", " rows were applied, ")]


def _checked_before(ctx: Context) -> bool:
    """What may go was counted before it went."""
    return any(isinstance(step.action, CheckDeletes) for step in ctx.plan.steps)


def _share(ctx: Context, ratio: float) -> Sql:
    deleted, inserted = counter("rows_deleted"), counter("rows_inserted")
    net = frame("(<<deleted>> - <<inserted>>)", deleted=deleted, inserted=inserted)
    in_place = any(isinstance(step.action, UpdateMatching) for step in ctx.plan.steps)
    removed = deleted if in_place else net
    share = format(ratio, "f")
    return frame(
        _SHARE,
        target=_target(ctx),
        removed=removed,
        net=net,
        limit=Sql(f"CONVERT(decimal(9,6), {share})"),
        refuse=refuse(
            "DP507",
            "the transaction was rolled back; if that is right, raise limits.max_delete_ratio for this run",
            removed,
            literal(" rows of the target would go and "),
            Sql("@dp_found"),
            literal(f" stay, the plan allows a share of {share}"),
        ),
    )


def _rows(ctx: Context, most: int) -> Sql:
    removed = counter("rows_deleted")
    if not any(isinstance(step.action, UpdateMatching) for step in ctx.plan.steps):
        removed = frame("(<<deleted>> - <<inserted>>)", deleted=removed, inserted=counter("rows_inserted"))
    return frame(
        _ROWS,
        removed=removed,
        limit=Sql(str(int(most))),
        refuse=refuse(
            "DP507",
            "the transaction was rolled back; if that is right, raise limits.max_delete_rows for this run",
            removed,
            literal(f" rows of the target would go, the plan allows {int(most)}"),
        ),
    )


def _scope_count(ctx: Context, action: Reconcile) -> list[Sql]:
    # The rows of a window or of keys can only be found by an index that may not exist: not at level counts.
    if (action.scope in ("keys", "window") and action.level == "counts") or not _exact(action):
        return []
    scope = _scope(ctx, action)
    where = frame("\n   WHERE <<scope>>", scope=scope) if scope is not None else Sql("")
    found = frame("  SELECT @dp_found = COUNT_BIG(*)\n    FROM <<t>><<where>>;", t=_held(ctx, action), where=where)
    return [_equal(found, *_SCOPE_COUNT)]


def _key_proofs(ctx: Context, action: Reconcile) -> list[Sql]:
    staging = word(table(names.staging(ctx, action.staging), "s"))
    match = word(key_match(action.key, "t", "s"))
    pieces = {"staging": staging, "target": _held(ctx, action), "match": match}
    missing = frame("<<staging>>\n   WHERE NOT EXISTS (SELECT 1 FROM <<target>> WHERE <<match>>)", **pieces)
    proofs = [_none(missing, " staged keys are not in the target")]
    if action.scope != "keys" and _exact(action):
        scope = _scope(ctx, action)
        more = frame(
            "<<target>>\n   WHERE <<scope>>NOT EXISTS (SELECT 1 FROM <<staging>> WHERE <<match>>)",
            scope=frame("<<scope>>\n     AND ", scope=scope) if scope is not None else Sql(""),
            **pieces,
        )
        proofs.append(_none(more, " keys of the target were not staged"))
    return proofs


def _left_proofs(ctx: Context, action: Reconcile) -> list[Sql]:
    proved = any(isinstance(step.action, ProveDeleted) for step in ctx.plan.steps)
    if proved or not action.key or action.level not in _PROVING_KEYS:
        return []
    match = word(key_match(action.key, "t", "s"))
    stayed = "<<target>>\n   WHERE EXISTS (SELECT 1 FROM <<left>> WHERE <<match>>)<<more>>"

    def none(left: Staging, message: str, more: Sql) -> Sql:
        keys = word(table(names.staging(ctx, left), "s"))
        return _none(frame(stayed, target=_held(ctx, action), left=keys, match=match, more=more), message)

    # A key that was read as a row of the load too, a moment later or from another row: the row is what it holds now.
    alive = frame(
        "\n     AND NOT EXISTS (SELECT 1 FROM <<rows>> WHERE <<match>>)",
        rows=word(table(names.staging(ctx, action.staging), "a")),
        match=word(key_match(action.key, "t", "a")),
    )
    marks = [step.action for step in ctx.plan.steps if isinstance(step.action, MarkDeleted)]
    return [
        *(
            none(
                m.staging,
                " rows whose key is gone are not marked",
                frame(" AND <<bare>>", bare=word(unmarked(m.mark, "t"))),
            )
            for m in marks
        ),
        *(none(left, " rows that left the filter are still in the target", alive) for left in _left(ctx)),
    ]


def _left(ctx: Context) -> list[Staging]:
    actions = [step.action for step in ctx.plan.steps]
    return [a.staging for a in actions if isinstance(a, DeleteMatching) and a.staging.role == "left"]


def _same_content(ctx: Context, action: Reconcile, proofs: list[Sql]) -> list[Sql]:
    exact = _exact(action)
    scope = _scope(ctx, action if exact else replace(action, scope="keys")) if exact or action.key else None
    rows = stored_rows(action.staging.columns, _held(ctx, action), "t", scope)
    counted = frame(_COUNTED, digest=digest_of(), rows=rows)
    other = refuse(
        "DP510",
        "the transaction was rolled back; look for triggers that change values, and for lossy column types",
        literal("the target holds as many rows as were staged, and not the same ones"),
    )
    same = frame(_SAME, why=frame("<<p>>\n", p=statements(*proofs)) if proofs else Sql(""), refuse=other)
    if not exact:
        return [counted, same]
    return [_equal(counted, *_SCOPE_COUNT), same]


def _scope(ctx: Context, action: Reconcile) -> Sql | None:
    """The rows of the target that this run answers for; None: all."""
    if action.scope == "keys":
        staged = exp.select("1").from_(table(names.staging(ctx, action.staging), "s"))
        return word(exp.Exists(this=staged.where(key_match(action.key, "t", "s"))))
    if action.scope == "window" and action.interval is not None:
        moved = _cursor(action)
        interval = replace(action.interval, type=moved.target.type) if moved else action.interval
        name = moved.target.name if moved else interval.column
        return sql(interval_predicate(interval, column(name, "t"), MssqlPredicates(action.interval.type)))
    if action.scope == "rows" and action.rows is not None:
        return sql(within(action.rows, action.staging.columns, "t"))
    if action.scope == "partitions" and action.partitions is not None:
        return sql(partition_predicate(action.partitions, column(action.partitions.column, "t"), PREDICATES))
    return None


def _cursor(action: Reconcile) -> MovedColumn | None:
    """An interval names the source's column; the target may call it otherwise, and store it in another type."""
    cursor = action.interval.column if action.interval else ""
    return next((m for m in action.staging.columns if m.sql is None and m.source.name == cursor), None)


def _exact(action: Reconcile) -> bool:
    """Whether the scope's rows can be told from the others in the target: not by a cursor that was rounded or dropped."""
    if action.scope != "window" or action.interval is None:
        return True
    moved = _cursor(action)
    if moved is None or moved.cast:
        return False
    given, held = moved.source.type, moved.target.type
    coarser = held.kind is Kind.TIMESTAMP and (
        (held.precision or 0) < (given.precision or 0) or held.native in ("datetime", "smalldatetime")
    )
    return given.kind is held.kind and not coarser


def _scope_params(action: Reconcile) -> tuple[str, ...]:
    if action.scope == "window" and action.interval is not None:
        return (action.interval.low, action.interval.high)
    if action.scope == "partitions" and action.partitions is not None:
        return (action.partitions.parameter,)
    return action.rows.params if action.rows is not None else ()


def _target(ctx: Context) -> Sql:
    return word(table(names.target(ctx.load)))


def _held(ctx: Context, action: Reconcile) -> Sql:
    """The target, or the table that will take its place."""
    rows = _target(ctx) if action.of is None else word(table(names.swapped(ctx, "new")))
    return frame("<<target>> AS [t] WITH (HOLDLOCK)", target=rows)


def _equal(found: Sql, before: str, after: str) -> Sql:
    other = refuse(
        "DP510",
        _TRIGGERS,
        literal(before),
        Sql("@dp_found"),
        literal(after),
        Sql("@dp_expected"),
        literal(" were staged"),
    )
    return frame(_EQUAL, found=found, refuse=other)


def _none(rows: Sql, message: str) -> Sql:
    return frame(_NONE, rows=rows, refuse=refuse("DP510", _TRIGGERS, Sql("@dp_found"), literal(message)))
