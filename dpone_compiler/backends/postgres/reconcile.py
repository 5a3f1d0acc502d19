"""The proof inside the finalizer's transaction: the target holds what was staged, or nothing is committed.

counts: rows affected (and rows in scope where that is cheap) equal rows staged. keys: staging and target lack no key of each
other within the scope. content: the rows of the scope have the digest that staging had when it was proved against the source.
Where one INSERT takes every staged row, its count says as much, and keys or rows are read back only if something else can
decide what is stored: triggers, rules, row security, tables that inherit, cascades, or no unique index that keeps a key from coming twice.
full: rows are always read back.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.marks import is_marked
from dpone_compiler.backends.postgres.predicates import PREDICATES, PostgresPredicates
from dpone_compiler.backends.postgres.scope import within
from dpone_compiler.backends.postgres.script import (
    beside_columns,
    counter,
    do_block,
    literal,
    setting,
    sql,
    statements,
    word,
)
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.backends.postgres.staging import staging_sql
from dpone_compiler.backends.postgres.state import mine, state_sql
from dpone_compiler.backends.postgres.stored import digest_of
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import (
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
from dpone_compiler.sql.render import Sql, frame, join

_EXPECTED = """\
  SELECT rows_staged, digest INTO expected, expected_digest FROM <<state>>
<<mine>>
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  IF expected IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the state row does not say how many rows this run staged',
      HINT = 'the transaction was rolled back; run again';
  END IF;"""

_EQUAL = """\
<<found>>
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format(<<message>>, found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;"""

_NONE = """\
  found := (
<<found>>
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format(<<message>>, found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;"""

# Whether anything but our statements can change what they stored. A partition may have triggers of its own. Rows of a table that
# inherits are rows of the target, and no index of it.
_OTHERS = """\
  others := EXISTS (
    SELECT FROM (SELECT <<target>>::regclass AS oid UNION SELECT relid FROM pg_partition_tree(<<target>>::regclass)) AS f
      JOIN pg_class AS c ON c.oid = f.oid
     WHERE c.relkind NOT IN ('r', 'p') OR c.relrowsecurity
        OR EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D')
        OR EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = c.oid)
        OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhparent = c.oid)<<cascades>>)<<unique>>;"""
_CASCADES = """
        OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.confdeltype IN ('c', 'n', 'd'))"""
_UNIQUE = """
    OR NOT EXISTS (
    SELECT FROM pg_index AS i
     WHERE i.indrelid = <<target>>::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL
       AND (SELECT bool_and(a.attname IN (<<key>>)) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS n (attnum, place)
              JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = n.attnum WHERE n.place <= i.indnkeyatts))"""
_UNLESS = """\
  IF others THEN
<<proofs>>
  END IF;"""

# One pass over the scope. Equal digests imply equal keys; which keys are wrong is asked only when they differ.
_COUNTED = """\
  SELECT count(*), <<digest>> INTO found, found_digest
    FROM <<rows>>;"""

_SAME = """\
  IF expected_digest IS NULL OR found_digest IS DISTINCT FROM expected_digest THEN
<<why>>
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the target holds as many rows as were staged, and not the same ones',
      HINT = 'the transaction was rolled back; look for triggers that change values, and for lossy column types';
  END IF;"""

# What the target has lost: by net count where old rows gave way to new ones, by deleted rows where keys were updated in place.
_SHARE = """\
  SELECT count(*) INTO found FROM <<target>>;
  IF <<removed>> > <<limit>>::numeric * (found + <<net>>) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507',
      MESSAGE = format('%s of %s rows of the target would go, the plan allows a share of %s', <<removed>>, found + <<net>>, <<limit>>),
      HINT = 'the transaction was rolled back; if that is right, raise limits.max_delete_ratio for this run';
  END IF;"""

_ROWS = """\
  IF <<removed>> > <<limit>>::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507', MESSAGE = format('%s rows of the target would go, the plan allows %s', <<removed>>, <<limit>>),
      HINT = 'the transaction was rolled back; if that is right, raise limits.max_delete_rows for this run';
  END IF;"""

_SCOPE_COUNT = "the target holds %s rows of this run's scope, %s were staged"
_DECLARE = beside_columns(
    Sql("  expected bigint;\n  found bigint;\n  expected_digest text;\n  found_digest text;\n  others boolean := true;")
)
_PROVING_KEYS = ("keys", "content", "full")


def reconcile(ctx: Context, action: Reconcile) -> Lowered:
    """One DO block; every IF of it raises DP510."""
    parts = [
        frame(_EXPECTED, state=state_sql(ctx.load), mine=mine(ctx.load)),
        _equal(
            frame("SELECT count(*) FROM <<s>>", s=staging_sql(ctx, action.staging)),
            "staging holds %s rows now, %s were staged",
        ),
        *_applied(ctx),
    ]
    parts += _in_scope(ctx, action)
    parts += _left_proofs(ctx, action)
    if not (_checked_before(ctx) or _decided_by_index(ctx)) and action.of is None:
        parts += _limits(ctx)
    return Lowered(
        op="sql",
        bodies={"main": do_block(statements(*parts), _DECLARE).text + "\n"},
        params=("run_id", "fence", *_scope_params(action)),
        locks=("ACCESS SHARE on the target until the transaction ends",),
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
        done = exp.Add(this=done, expression=counter("rows_matched"))
    return [_equal(word(done), "%s rows were applied, %s were staged")]


def _checked_before(ctx: Context) -> bool:
    """What may go was counted before it went."""
    return any(isinstance(step.action, CheckDeletes) for step in ctx.plan.steps)


def _limits(ctx: Context) -> list[Sql]:
    limits = ctx.load.write.limits
    deleted, inserted = word(counter("rows_deleted")), word(counter("rows_inserted"))
    net = frame("(<<deleted>> - <<inserted>>)", deleted=deleted, inserted=inserted)
    removed = deleted if any(isinstance(step.action, UpdateMatching) for step in ctx.plan.steps) else net
    found: list[Sql] = []
    if limits.max_delete_ratio is not None:
        target, limit = word(table(names.target(ctx.load))), literal(format(limits.max_delete_ratio, "f"))
        found.append(frame(_SHARE, target=target, removed=removed, net=net, limit=limit))
    if limits.max_delete_rows is not None:
        found.append(frame(_ROWS, removed=removed, limit=literal(str(limits.max_delete_rows))))
    return found


def _proved(ctx: Context, action: Reconcile) -> TableRef:
    """The target, or the table that will take its place."""
    return names.target(ctx.load) if action.of is None else names.successor(ctx)


def _scope_count(ctx: Context, action: Reconcile) -> list[Sql]:
    # The rows of a window or of keys can only be found by an index that may not exist: not at level counts.
    if (action.scope in ("keys", "window") and action.level == "counts") or not _exact(action):
        return []
    query = exp.select("count(*)").from_(table(_proved(ctx, action), "t"))
    scope = _scope(ctx, action)
    query = query.where(scope) if scope is not None else query
    return [_equal(sql(query), _SCOPE_COUNT)]


def _key_proofs(ctx: Context, action: Reconcile) -> list[Sql]:
    target, staging = _proved(ctx, action), names.staging(ctx, action.staging)
    match = key_match(action.key, "t", "s")
    in_target = exp.Exists(this=exp.select("1").from_(table(target, "t")).where(match))
    in_staging = exp.Exists(this=exp.select("1").from_(table(staging, "s")).where(match))
    missing = exp.select("count(*)").from_(table(staging, "s")).where(exp.Not(this=in_target))
    proofs = [_none(missing, "%s staged keys are not in the target")]
    if action.scope != "keys" and _exact(action):
        more = exp.select("count(*)").from_(table(target, "t"))
        scope = _scope(ctx, action)
        more = more.where(scope) if scope is not None else more
        proofs.append(_none(more.where(exp.Not(this=in_staging)), "%s keys of the target were not staged"))
    return proofs


def _left_proofs(ctx: Context, action: Reconcile) -> list[Sql]:
    proved = any(isinstance(step.action, ProveDeleted) for step in ctx.plan.steps)
    if proved or not action.key or action.level not in _PROVING_KEYS:
        return []
    target = _proved(ctx, action)
    proofs: list[Sql] = []
    for mark in (s.action for s in ctx.plan.steps if isinstance(s.action, MarkDeleted)):
        gone = (
            exp.select("1").from_(table(names.staging(ctx, mark.staging), "s")).where(key_match(action.key, "t", "s"))
        )
        unmarked = exp.Not(this=exp.Paren(this=is_marked(mark.mark, "t")))
        query = exp.select("count(*)").from_(table(target, "t")).where(exp.Exists(this=gone)).where(unmarked)
        proofs.append(_none(query, "%s rows whose key is gone are not marked"))
    for left in _left(ctx):
        gone = exp.select("1").from_(table(names.staging(ctx, left), "s")).where(key_match(action.key, "t", "s"))
        # A key that was read as a row of the load too, a moment later or from another row: the row is what it holds now.
        alive = (
            exp.select("1").from_(table(names.staging(ctx, action.staging), "a")).where(key_match(action.key, "t", "a"))
        )
        stayed = exp.select("count(*)").from_(table(target, "t")).where(exp.Exists(this=gone))
        stayed = stayed.where(exp.Not(this=exp.Exists(this=alive)))
        proofs.append(_none(stayed, "%s rows that left the filter are still in the target"))
    return proofs


def _left(ctx: Context) -> list[Staging]:
    actions = [step.action for step in ctx.plan.steps]
    return [a.staging for a in actions if isinstance(a, DeleteMatching) and a.staging.role == "left"]


def _in_scope(ctx: Context, action: Reconcile) -> list[Sql]:
    """That the scope holds what was staged. Where nothing but our own INSERT can decide that, its count says so already."""
    proofs = _key_proofs(ctx, action) if action.key and action.level in _PROVING_KEYS else []
    reads_back = action.level in ("content", "full") and bool(action.key or _exact(action))
    if reads_back:
        proofs = _same_content(ctx, action, proofs)
    if proofs and action.level != "full" and action.of is None and _inserts_all(ctx):
        # Rows of other keys are not in question; all other scopes must hold what was inserted, and nothing else.
        counts = _scope_count(ctx, action) if action.scope != "keys" else []
        return [_others(ctx, action), *counts, frame(_UNLESS, proofs=statements(*proofs))]
    return proofs if reads_back else [*_scope_count(ctx, action), *proofs]


def _inserts_all(ctx: Context) -> bool:
    """One INSERT takes every staged row, so its count says that all of them are stored."""
    inserts = [step.action for step in ctx.plan.steps if isinstance(step.action, InsertStaged)]
    return len(inserts) == 1 and not inserts[0].missing_key


def _same_content(ctx: Context, action: Reconcile, proofs: list[Sql]) -> list[Sql]:
    exact = _exact(action)
    scope = _scope(ctx, action if exact else replace(action, scope="keys")) if exact or action.key else None
    digest, rows = digest_of(ctx, action.staging.columns, table(_proved(ctx, action), "t"), scope)
    read = frame(_COUNTED, digest=digest, rows=rows)
    if exact:
        read = frame(_EQUAL, found=read, message=literal(_SCOPE_COUNT))
    same = frame(_SAME, why=statements(*proofs) if proofs else Sql("    found := NULL;"))
    return [read, same]


def _others(ctx: Context, action: Reconcile) -> Sql:
    """Sets `others`. Where rows are found by key and no unique index is the one that decides, one must exist."""
    target = literal(word(table(names.target(ctx.load))).text)
    unique = Sql("")
    if action.scope == "keys" and not _decided_by_index(ctx):
        keys = join(", ", [literal(name) for name in action.key])
        unique = frame(_UNIQUE, target=target, key=keys)
    return frame(_OTHERS, target=target, cascades=Sql(_CASCADES if _deletes(ctx) else ""), unique=unique)


def _decided_by_index(ctx: Context) -> bool:
    """The rows come in by INSERT … ON CONFLICT, which fails without a unique index on the key."""
    return any(isinstance(step.action, InsertStaged) and step.action.upsert_key for step in ctx.plan.steps)


def _deletes(ctx: Context) -> bool:
    """Rows are deleted, and with them what refers to them: every policy does, but an upsert of nothing that left the filter."""
    return not _decided_by_index(ctx) or any(isinstance(step.action, DeleteMatching) for step in ctx.plan.steps)


def _scope(ctx: Context, action: Reconcile) -> exp.Expression | None:
    """The rows of the target that this run answers for; None: all."""
    if action.scope == "keys":
        staged = exp.select("1").from_(table(names.staging(ctx, action.staging), "s"))
        return exp.Exists(this=staged.where(key_match(action.key, "t", "s")))
    if action.scope == "window" and action.interval is not None:
        moved = _cursor(action)
        interval = replace(action.interval, type=moved.target.type) if moved else action.interval
        name = moved.target.name if moved else interval.column
        return interval_predicate(interval, column(name, "t"), _Bounds(action.interval.type))
    if action.scope == "rows" and action.rows is not None:
        return within(action.rows, action.staging.columns, "t")
    if action.scope == "partitions" and action.partitions is not None:
        return partition_predicate(action.partitions, column(action.partitions.column, "t"), PREDICATES)
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
    coarser = held.kind is Kind.TIMESTAMP and (held.precision or 0) < (given.precision or 0)
    return given.kind is held.kind and not coarser


class _Bounds(PostgresPredicates):
    """Bounds without a zone are UTC where the target stores instants, whatever the session says."""

    def __init__(self, given: DataType) -> None:
        self._given = given

    def parameter(self, name: str, type_: DataType) -> exp.Expression:
        if type_.tz and not self._given.tz:
            return shape("(:value)::timestamp AT TIME ZONE 'UTC'", value=setting(name))
        return super().parameter(name, type_)


def _scope_params(action: Reconcile) -> tuple[str, ...]:
    if action.scope == "window" and action.interval is not None:
        return (action.interval.low, action.interval.high)
    if action.scope == "partitions" and action.partitions is not None:
        return (action.partitions.parameter,)
    return action.rows.params if action.rows is not None else ()


def _equal(found: Sql, message: str) -> Sql:
    return frame(_EQUAL, found=frame("  found := (\n<<found>>\n  );", found=found), message=literal(message))


def _none(query: exp.Select, message: str) -> Sql:
    return frame(_NONE, found=sql(query), message=literal(message))
