"""The state row: what the load knows of itself, in the target, in the same transaction as the data (docs/adr/0003)."""

from __future__ import annotations

from dpone_compiler.backends.postgres import lease, names
from dpone_compiler.backends.postgres.lease import AFFECTED, Lease, exactly_one, lost_lease
from dpone_compiler.backends.postgres.predicates import comparable_type, lowest
from dpone_compiler.backends.postgres.script import do_block, literal, word
from dpone_compiler.backends.postgres.subject import elsewhere, subject
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import CheckPartitionList, CommitState, FindPartitions, FreezeWindow
from dpone_compiler.plan.slice_actions import NextSlice
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Step
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.postgres_native import type_tree
from dpone_compiler.sql.render import Sql, frame, join

_READ = """\
SELECT coalesce(s.phase, 'idle') AS phase,
       coalesce(s.run_id, '') AS attempt_run_id,
       coalesce(s.fingerprint, '') AS attempt_fingerprint,
       coalesce(s.window_low, '') AS attempt_low,
       coalesce(s.window_high, '') AS attempt_high,
       coalesce(s.partitions, '') AS attempt_partitions,
       coalesce(s.rows_staged, 0)::text AS rows_staged,
       coalesce(s.digest, '') AS digest,
       coalesce(s.watermark, '') AS watermark,
       coalesce(s.fence, 0)::text AS fence,
       coalesce(s.lease_owner, '') AS lease_owner,
       coalesce(ceil(extract(epoch FROM s.lease_until - clock_timestamp()))::bigint, 0)::text AS lease_seconds,
       CASE WHEN s.lease_backend IS NULL THEN ''
            WHEN a.pid IS NULL THEN '0'
            WHEN a.backend_start IS NULL THEN ''
            WHEN a.backend_start = s.lease_backend_start THEN '1'
            ELSE '0' END AS lease_alive,
       CASE WHEN EXISTS (SELECT FROM <<target>>) THEN '0' ELSE '1' END AS target_empty,
       CASE WHEN s.adopted THEN '1' ELSE '0' END AS adopted,
       CASE WHEN <<elsewhere>> THEN '1' ELSE '0' END AS elsewhere
  FROM (VALUES (<<load>>)) AS one (load)
  LEFT JOIN <<state>> AS s ON s.load = one.load
  LEFT JOIN pg_stat_activity AS a ON a.pid = s.lease_backend;
"""

STATE_COLUMNS = (
    "phase",
    "attempt_run_id",
    "attempt_fingerprint",
    "attempt_low",
    "attempt_high",
    "attempt_partitions",
    "rows_staged",
    "digest",
    "watermark",
    "fence",
    "lease_owner",
    "lease_seconds",
    "lease_alive",
    "target_empty",
    "adopted",
    "elsewhere",
)

_OPEN = """\
  UPDATE <<state>>
     SET attempt = attempt + 1, run_id = current_setting('dponec.run_id'), phase = 'open',
         fingerprint = current_setting('dponec.fingerprint'), window_low = <<low>>, window_high = <<high>>,
         partitions = <<partitions>>, rows_staged = NULL, digest = NULL, updated_at = clock_timestamp()
<<mine>>
     AND NOT (run_id IS NOT DISTINCT FROM current_setting('dponec.run_id') AND phase IN ('committed', 'done'));
<<lost>>"""

# Joins, sorts and groups over a delta stay in memory; with the default of 4 MB they spill from some ten thousand rows on.
_FENCE = """\
  PERFORM set_config('lock_timeout', <<timeout>>, true)<<statement>>;
  PERFORM set_config('work_mem', <<memory>>, true) WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes(<<memory>>);
<<advisory>>  PERFORM FROM <<state>>
<<mine>>
     FOR UPDATE;
<<lost>>"""

_ADVISORY = "  PERFORM pg_advisory_xact_lock(hashtextextended(<<key>>, 0));\n"

_COMMIT = """\
  UPDATE <<state>>
     SET phase = 'committed', committed_run_id = run_id, rows_applied = rows_staged<<watermark>>,
         <<subject>>,
         updated_at = clock_timestamp()
<<mine>>
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged' AND rows_staged IS NOT NULL<<window>>;
<<lost>>"""

_MOVED = """,
         watermark = CASE
           WHEN watermark = '' AND current_setting('dponec.window_low')::<<type>> = <<lowest>>::<<type>>
             THEN current_setting('dponec.window_high')
           WHEN watermark <> '' AND current_setting('dponec.window_low')::<<type>> <= nullif(watermark, '')::<<type>>
                AND current_setting('dponec.window_high')::<<type>> > nullif(watermark, '')::<<type>>
             THEN current_setting('dponec.window_high')
           ELSE watermark END"""

# Repeating it after another run has begun must not disturb that run, so only our own lease is given back.
_RELEASE = """\
UPDATE <<state>>
   SET lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL,
       phase = CASE WHEN phase = 'committed' AND run_id = current_setting('dponec.run_id') THEN 'done' ELSE phase END,
       updated_at = clock_timestamp()
<<mine>>;
"""

WORK_MEMORY = "64MB"


def state_sql(load: Load) -> Sql:
    """The state table's name."""
    return word(table(names.state(load)))


def mine(load: Load) -> Sql:
    """Our row, as long as the lease is ours and the token is the newest."""
    return lease.mine(_lease(load))


def _lease(load: Load) -> Lease:
    """The lease of a load is in its state row, and its owner is the run."""
    return Lease(
        table=state_sql(load),
        of=Sql("load"),
        key=literal(load.name),
        owner="run_id",
        token="fence",
        seconds=load.write.limits.lease_seconds,
        shared=True,
    )


def read_state(ctx: Context) -> Lowered:
    """One row always, also when the load has no state row yet."""
    body = frame(
        _READ,
        target=word(table(names.target(ctx.load))),
        load=literal(ctx.load.name),
        state=state_sql(ctx.load),
        elsewhere=elsewhere(ctx),
    )
    return Lowered(op="query", bodies={"main": body.text}, captures=STATE_COLUMNS)


def acquire_lease(ctx: Context) -> Lowered:
    """One row with the new token, or no row when another run holds the lease."""
    return Lowered(
        op="query",
        bodies=lease.bodies(_lease(ctx.load)),
        params=("run_id", "lease_backend", "lease_seconds"),
        captures=("fence",),
        locks=("ROW EXCLUSIVE on the state table and its row until the statement ends",),
    )


def open_attempt(ctx: Context) -> Lowered:
    """Phase open with the frozen window; a run that is committed already is refused."""
    windowed = has_window(ctx)
    body = frame(
        _OPEN,
        state=state_sql(ctx.load),
        low=Sql("current_setting('dponec.window_low')" if windowed else "NULL"),
        high=Sql("current_setting('dponec.window_high')" if windowed else "NULL"),
        partitions=Sql("current_setting('dponec.partitions')" if _lists_partitions(ctx) else "NULL"),
        mine=mine(ctx.load),
        lost=lost_lease(),
    )
    window: tuple[str, ...] = ("window_low", "window_high") if windowed else ()
    window += ("partitions",) if _lists_partitions(ctx) else ()
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, AFFECTED).text + "\n"},
        params=("run_id", "fence", "fingerprint", *window),
        locks=("ROW EXCLUSIVE on the state table and its row until the transaction ends",),
    )


def fence(ctx: Context, step: Step) -> Lowered:
    """Advisory lock of the target first, then the state row: every load takes them in this order.

    A transaction that only stages leaves the target's lock to others, for a COPY may be long.
    """
    finalizing = any(isinstance(s.action, CommitState) and s.transaction == step.transaction for s in ctx.plan.steps)
    limits = ctx.load.write.limits
    statement = Sql("")
    if limits.statement_timeout:
        statement = frame(
            ", set_config('statement_timeout', <<limit>>, true)", limit=literal(f"{limits.statement_timeout}s")
        )
    body = frame(
        _FENCE,
        timeout=literal(f"{limits.lock_timeout}s"),
        memory=literal(WORK_MEMORY),
        statement=statement,
        advisory=frame(_ADVISORY, key=literal(names.lock_key(ctx.load))) if finalizing else Sql(""),
        state=state_sql(ctx.load),
        mine=mine(ctx.load),
        lost=lost_lease(),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, AFFECTED).text + "\n"},
        params=("run_id", "fence"),
        locks=(
            # https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
            *(
                (f"advisory lock of {names.target(ctx.load)} until the transaction ends: other loads into it wait",)
                * finalizing
            ),
            "FOR UPDATE on the state row until the transaction ends",
        ),
    )


def commit_state(ctx: Context, windowed: bool) -> Lowered:
    """Phase committed and, for a window, the watermark: in the transaction of the data, one row or DP511."""
    body = frame(
        _COMMIT,
        state=state_sql(ctx.load),
        watermark=_watermark(ctx) if windowed else Sql(""),
        subject=join(", ", [frame("<<column>> = <<value>>", column=Sql(c), value=v) for c, v in subject(ctx).items()]),
        mine=mine(ctx.load),
        window=Sql("\n     AND window_high = current_setting('dponec.window_high')" if windowed else ""),
        lost=exactly_one(
            "DP511",
            "the state row is not this run's staged attempt, so the watermark did not move",
            "the data of this transaction was rolled back; run again",
        ),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, AFFECTED).text + "\n"},
        params=("run_id", "fence", *(("window_low", "window_high") if windowed else ())),
        locks=("ROW EXCLUSIVE on the state table and its row until the transaction ends",),
    )


def _watermark(ctx: Context) -> Sql:
    """The watermark moves to the window's end only when the window begins at or below it and ends above it.

    A window given by hand may lie anywhere: one that lies behind must not lower the watermark, and one that leaves a gap must not
    jump over rows that were never read. Before the first watermark only a window from the type's minimum closes the gap.
    """
    type_ = next(step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow))
    return frame(_MOVED, type=word(type_tree(comparable_type(type_))), lowest=literal(lowest(type_)))


def release_lease(ctx: Context) -> Lowered:
    """Give our lease back; done when committed."""
    body = frame(_RELEASE, state=state_sql(ctx.load), mine=mine(ctx.load))
    return Lowered(op="sql", bodies={"main": body.text}, params=("run_id", "fence"))


def has_window(ctx: Context) -> bool:
    """The plan freezes a window, or the one instant of its run, or takes a slice."""
    return any(isinstance(step.action, FreezeWindow | FreezeInstant | NextSlice) for step in ctx.plan.steps)


def has_partitions(ctx: Context) -> bool:
    """The plan works on partitions that are known at run time: found by it, or named by the caller."""
    return _lists_partitions(ctx) or any(isinstance(step.action, FindPartitions) for step in ctx.plan.steps)


def _lists_partitions(ctx: Context) -> bool:
    return any(isinstance(step.action, CheckPartitionList) for step in ctx.plan.steps)
