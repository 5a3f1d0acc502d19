"""The state row: what the load knows of itself, in the target, in the same transaction as the data (docs/adr/0003)."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.predicates import bound, least_value, lowest
from dpone_compiler.backends.mssql.script import (
    alone,
    batch,
    inside,
    literal,
    mine,
    state_sql,
    statements,
    word,
)
from dpone_compiler.backends.mssql.shapes import parameter, shape, text
from dpone_compiler.backends.mssql.subject import elsewhere, subject
from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import CheckPartitionList, CommitState, FindPartitions, FreezeWindow
from dpone_compiler.plan.slice_actions import NextSlice
from dpone_compiler.plan.snapshot_actions import FreezeInstant
from dpone_compiler.plan.step import Step
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.render import Sql, frame

# The holder's session keeps an application lock of its own name as long as it lives: whether a lease's owner is still there can
# be asked without VIEW SERVER STATE. https://learn.microsoft.com/en-us/sql/t-sql/functions/applock-test-transact-sql
_OWNER = """\
  DECLARE @dp_owner nvarchar(255), @dp_backend int, @dp_alive nvarchar(1);
  SELECT @dp_owner = CONCAT(N'dponec.lease:', [lease_owner]), @dp_backend = [lease_backend]
    FROM <<state>> WHERE [load] = <<load>>;
  SET @dp_alive = CASE WHEN @dp_backend IS NULL THEN N''
                       WHEN APPLOCK_TEST(N'public', @dp_owner, N'Exclusive', N'Session') = 1 THEN N'0' ELSE N'1' END;"""

_READ = """\
<<owner>>
  SELECT COALESCE(s.[phase], N'idle') AS [phase],
         COALESCE(s.[run_id], N'') AS [attempt_run_id],
         COALESCE(s.[fingerprint], N'') AS [attempt_fingerprint],
         COALESCE(s.[window_low], N'') AS [attempt_low],
         COALESCE(s.[window_high], N'') AS [attempt_high],
         COALESCE(s.[partitions], N'') AS [attempt_partitions],
         CONVERT(nvarchar(20), COALESCE(s.[rows_staged], 0)) AS [rows_staged],
         COALESCE(s.[digest], N'') AS [digest],
         COALESCE(s.[watermark], N'') AS [watermark],
         CONVERT(nvarchar(20), COALESCE(s.[fence], 0)) AS [fence],
         COALESCE(s.[lease_owner], N'') AS [lease_owner],
         CONVERT(nvarchar(20), COALESCE(DATEDIFF(second, SYSUTCDATETIME(), s.[lease_until]), 0)) AS [lease_seconds],
         @dp_alive AS [lease_alive],
         CASE WHEN EXISTS (SELECT 1 FROM <<target>>) THEN N'0' ELSE N'1' END AS [target_empty],
         CASE WHEN s.[adopted] = 1 THEN N'1' ELSE N'0' END AS [adopted],
         CASE WHEN <<elsewhere>> THEN N'1' ELSE N'0' END AS [elsewhere]
    FROM (SELECT <<load>> AS [load]) AS o
    LEFT JOIN <<state>> AS s ON s.[load] = o.[load];"""

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

# UPDLOCK, HOLDLOCK under the primary key: of two first runs one makes the row and the other finds it. Only then is the owner looked
# at, or one that was gone before the row was ours would pass for the owner that has taken it since.
# https://learn.microsoft.com/en-us/sql/t-sql/queries/hints-transact-sql-table
_ACQUIRE = """\
  IF NOT EXISTS (SELECT 1 FROM <<state>> WITH (UPDLOCK, HOLDLOCK) WHERE [load] = <<load>>)
    INSERT INTO <<state>> ([load]) VALUES (<<load>>);
<<owner>>
  DECLARE @dp_fence bigint, @dp_got int;
  UPDATE <<state>>
     SET @dp_fence = [fence] = [fence] + 1, [lease_owner] = @run_id,
         [lease_until] = DATEADD(second, <<lease>>, SYSUTCDATETIME()),
         [lease_backend] = CONVERT(int, NULLIF(@lease_backend, N'')), [updated_at] = SYSUTCDATETIME()
   WHERE [load] = <<load>>
     AND ([lease_owner] IS NULL OR [lease_owner] = @run_id OR [lease_until] <= SYSUTCDATETIME() OR @dp_alive = N'0');
  SET @dp_owner = CONCAT(N'dponec.lease:', @run_id);
  IF @dp_fence IS NOT NULL AND @lease_backend <> N''
  BEGIN
    EXEC @dp_got = sys.sp_getapplock @Resource = @dp_owner, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0;
    IF @dp_got < 0 THROW 51222, N'the lease of this run is held by another session of it', 1;
  END;"""

_GIVEN = """\
  SELECT CONVERT(nvarchar(20), @dp_fence) AS [fence] WHERE @dp_fence IS NOT NULL;"""

# The row is locked by our own transaction while it writes; a beat must not wait for it. READPAST is no hint under
# READ_COMMITTED_SNAPSHOT without READCOMMITTEDLOCK: https://learn.microsoft.com/en-us/sql/t-sql/queries/hints-transact-sql-table
_HEARTBEAT = """\
  UPDATE <<state>> WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
     SET [lease_until] = DATEADD(second, <<lease>>, SYSUTCDATETIME())
<<mine>>;"""

_GIVE_BACK = """\
  UPDATE <<state>>
     SET [lease_owner] = NULL, [lease_until] = NULL, [lease_backend] = NULL, [updated_at] = SYSUTCDATETIME()
<<mine>>;"""

_OPEN = """\
  UPDATE <<state>>
     SET [attempt] = [attempt] + 1, [run_id] = @run_id, [phase] = N'open', [fingerprint] = @fingerprint,
         [window_low] = <<low>>, [window_high] = <<high>>, [partitions] = <<partitions>>,
         [rows_staged] = NULL, [digest] = NULL, [updated_at] = SYSUTCDATETIME()
<<mine>>
     AND NOT ([run_id] = @run_id AND [run_id] IS NOT NULL AND [phase] IN (N'committed', N'done'));
<<lost>>"""

_ONE = """\
  IF ROWCOUNT_BIG() <> 1
    THROW <<number>>, <<message>>, 1;"""

_APPLOCK = """\
  DECLARE @dp_lock int;
  EXEC @dp_lock = sys.sp_getapplock @Resource = <<resource>>, @LockMode = N'Exclusive', @LockOwner = N'Transaction',
       @LockTimeout = <<timeout>>;
  IF @dp_lock = -3 THROW 51205, N'chosen as the victim of a deadlock while waiting for the lock of the target', 1;
  IF @dp_lock < 0 THROW 51222, N'another load into the same target did not finish within the lock timeout', 1;
"""

_FENCE = """\
<<applock>>  IF NOT EXISTS (SELECT 1 FROM <<state>> WITH (UPDLOCK, HOLDLOCK)
<<mine>>)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
<<clear>>"""

_CLEAR = """\
  EXEC sys.sp_set_session_context @key = <<key>>, @value = NULL;"""
COUNTERS = (
    "rows_deleted",
    "rows_inserted",
    "rows_marked",
    "rows_matched",
    "rows_updated",
    "proved_rows",
)

_COMMIT = """\
  UPDATE <<state>>
     SET [phase] = N'committed', [committed_run_id] = [run_id], [rows_applied] = [rows_staged]<<watermark>>,
         <<subject>>,
         [updated_at] = SYSUTCDATETIME()
<<mine>>
     AND [run_id] = @run_id AND [phase] = N'staged' AND [rows_staged] IS NOT NULL<<window>>;
<<lost>>"""

_MOVED = """,
         [watermark] = CASE
           WHEN [watermark] = N'' AND <<low>> = <<lowest>> THEN @window_high
           WHEN [watermark] <> N'' AND <<low>> <= <<mark>> AND <<high>> > <<mark>> THEN @window_high
           ELSE [watermark] END"""

# Repeating it after another run has begun must not disturb that run, so only our own lease is given back.
_RELEASE = """\
  UPDATE <<state>>
     SET [lease_owner] = NULL, [lease_until] = NULL, [lease_backend] = NULL,
         [phase] = CASE WHEN [phase] = N'committed' AND [run_id] = @run_id THEN N'done' ELSE [phase] END,
         [updated_at] = SYSUTCDATETIME()
<<mine>>;"""

_ROW_LOCK = "X on the state row until the transaction ends"


def exactly_one(number: int, message: str) -> Sql:
    """Refuse unless the statement right before touched one row."""
    return frame(_ONE, number=Sql(str(number)), message=literal(message))


def lost_lease() -> Sql:
    """The refusal of a zombie."""
    return exactly_one(
        50410, "DP410: another run holds the lease of this load now, so this one may not write; nothing was kept"
    )


def read_state(ctx: Context) -> Lowered:
    """One row always, also when the load has no state row yet."""
    body = frame(
        _READ,
        owner=_owner(ctx.load),
        target=word(table(names.target(ctx.load))),
        load=literal(ctx.load.name),
        state=state_sql(ctx.load),
        elsewhere=elsewhere(ctx, Sql("s.")),
    )
    return Lowered(op="query", bodies={"main": batch(ctx.load, body).text}, captures=STATE_COLUMNS)


def _owner(load: Load) -> Sql:
    return frame(_OWNER, state=state_sql(load), load=literal(load.name))


def acquire_lease(ctx: Context) -> Lowered:
    """One row with the new token, or no row when another run holds the lease."""
    lease = Sql(str(int(ctx.load.write.limits.lease_seconds)))
    state, own = state_sql(ctx.load), mine(ctx.load)
    taken = frame(_ACQUIRE, owner=_owner(ctx.load), state=state, load=literal(ctx.load.name), lease=lease)
    bodies = {
        "main": alone(ctx.load, statements(taken, Sql(_GIVEN))).text,
        "heartbeat": batch(ctx.load, frame(_HEARTBEAT, state=state, lease=lease, mine=own)).text,
        "giveback": batch(ctx.load, frame(_GIVE_BACK, state=state, mine=own)).text,
    }
    return Lowered(
        op="query",
        bodies=bodies,
        params=("run_id", "lease_backend"),
        captures=("fence",),
        locks=(_ROW_LOCK, "an application lock of the holder's session, named after the run"),
    )


def open_attempt(ctx: Context) -> Lowered:
    """Phase open with the frozen window; a run that is committed already is refused."""
    windowed, listed = has_window(ctx), _lists_partitions(ctx)
    body = frame(
        _OPEN,
        state=state_sql(ctx.load),
        low=Sql("@window_low" if windowed else "NULL"),
        high=Sql("@window_high" if windowed else "NULL"),
        partitions=Sql("@partitions" if listed else "NULL"),
        mine=mine(ctx.load),
        lost=lost_lease(),
    )
    window: tuple[str, ...] = (("window_low", "window_high") if windowed else ()) + (("partitions",) if listed else ())
    return Lowered(
        op="sql",
        bodies={"main": alone(ctx.load, body).text},
        params=("run_id", "fence", "fingerprint", *window),
        locks=(_ROW_LOCK,),
    )


def fence(ctx: Context, step: Step) -> Lowered:
    """Application lock of the target first, then the state row: every load takes them in this order.

    A transaction that only proves staging leaves the target's lock to others. The counts of an earlier try are forgotten.
    https://learn.microsoft.com/en-us/sql/relational-databases/system-stored-procedures/sp-getapplock-transact-sql
    """
    finalizing = any(isinstance(s.action, CommitState) and s.transaction == step.transaction for s in ctx.plan.steps)
    body = frame(
        _FENCE,
        applock=target_lock(ctx.load) if finalizing else Sql(""),
        state=state_sql(ctx.load),
        mine=mine(ctx.load),
        clear=statements(*(frame(_CLEAR, key=literal(names.counter(name))) for name in COUNTERS)),
    )
    other = f"application lock of {names.target(ctx.load)} until the transaction ends: other loads into it wait"
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, body).text},
        params=("run_id", "fence"),
        locks=(*((other,) * finalizing), "U on the state row until the transaction ends"),
    )


def target_lock(load: Load) -> Sql:
    """Take the application lock of the target until the transaction ends, or stop."""
    timeout = Sql(str(int(load.write.limits.lock_timeout) * 1000))
    return frame(_APPLOCK, resource=literal(names.lock_resource(load)), timeout=timeout)


def commit_state(ctx: Context, windowed: bool) -> Lowered:
    """Phase committed and, for a window, the watermark: in the transaction of the data, one row or DP511."""
    body = frame(
        _COMMIT,
        state=state_sql(ctx.load),
        watermark=_watermark(ctx) if windowed else Sql(""),
        subject=subject(ctx),
        mine=mine(ctx.load),
        window=Sql("\n     AND [window_high] = @window_high" if windowed else ""),
        lost=exactly_one(
            50511,
            "DP511: the state row is not this run's staged attempt, so the watermark did not move; the data of this transaction "
            "was rolled back; run again",
        ),
    )
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, body).text},
        params=("run_id", "fence", *(("window_low", "window_high") if windowed else ())),
        locks=(_ROW_LOCK,),
    )


def _watermark(ctx: Context) -> Sql:
    """The watermark moves to the window's end only when the window begins at or below it and ends above it.

    A window given by hand may lie anywhere: one that lies behind must not lower the watermark, and one that leaves a gap must not
    jump over rows that were never read. Before the first watermark only a window from the type's minimum closes the gap.
    """
    type_ = next(step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow))
    return frame(
        _MOVED,
        low=word(bound(parameter("window_low"), type_, type_)),
        high=word(bound(parameter("window_high"), type_, type_)),
        mark=word(bound(shape("NULLIF([watermark], N'')"), type_, type_)),
        lowest=word(_least(type_)),
    )


def _least(type_: DataType) -> exp.Expression:
    least = lowest(type_)
    return least_value(type_, type_) if least == "-infinity" else bound(text(least), type_, type_)


def release_lease(ctx: Context) -> Lowered:
    """Give our lease back; done when committed."""
    body = frame(_RELEASE, state=state_sql(ctx.load), mine=mine(ctx.load))
    return Lowered(op="sql", bodies={"main": batch(ctx.load, body).text}, params=("run_id", "fence"))


def has_window(ctx: Context) -> bool:
    """The plan freezes a window, or the one instant of its run, or takes a slice."""
    return any(isinstance(step.action, FreezeWindow | FreezeInstant | NextSlice) for step in ctx.plan.steps)


def has_partitions(ctx: Context) -> bool:
    """The plan works on partitions that are known at run time: found by it, or named by the caller."""
    return _lists_partitions(ctx) or any(isinstance(step.action, FindPartitions) for step in ctx.plan.steps)


def _lists_partitions(ctx: Context) -> bool:
    return any(isinstance(step.action, CheckPartitionList) for step in ctx.plan.steps)
