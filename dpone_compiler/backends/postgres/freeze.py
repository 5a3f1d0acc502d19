"""The window's high end: a value below which no writer can still commit, read before the extraction's snapshot is taken.

Time cursor that the database assigns: a row's value is not below its transaction's start, and every transaction that is not
visible yet is either open now (pg_stat_activity) or begins later. So the horizon is the oldest start among the open ones.
A prepared transaction shows when it was prepared, not when it began (view-pg-prepared-xacts.html), so it is refused unless a
lag bounds how long a transaction runs before it is prepared.
Sequence cursor: with a declared lag, read the maximum, then wait that long before the snapshot; without one, a brief SHARE lock
waits for every writer. A sequence with CACHE above 1 hands out numbers out of order and is refused there.
A standby shows what it has replayed, however late that is: there the last replayed commit takes the place of the clock, and a
wait for writers of the primary says nothing, so that only a time cursor with a declared lag is read from it.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.behind import no_cached_numbers, no_copies
from dpone_compiler.backends.postgres.predicates import comparable_type, lowest
from dpone_compiler.backends.postgres.script import do_block, literal, sql, statements, word
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.own_words import opaque
from dpone_compiler.sql.postgres_native import type_tree
from dpone_compiler.sql.render import Sql, frame

# What the role and the database say, whatever this session has set.
_ZONE = Sql("(SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')")
_RESULT = Sql(
    "SELECT current_setting('dponec.window_low') AS window_low, current_setting('dponec.window_high') AS window_high;\n"
)

# Of the hour that a wall clock shows twice, the second one lies below the watermark that the first one has set.
_GOES_BACK = """\
  SELECT max(o) - min(o) INTO shift FROM (
    SELECT (t AT TIME ZONE <<zone>>) - (t AT TIME ZONE 'UTC') AS o
      FROM generate_series(clock_timestamp() - interval '1 year', clock_timestamp() + interval '1 year', interval '1 day') AS g (t)
  ) AS offsets;
  IF shift > <<held>>::interval THEN
    RAISE EXCEPTION USING ERRCODE = 'DP446',
      MESSAGE = format('the cursor %I is a wall clock of zone %s, which is set back by %s once a year', <<column>>, <<zone>>, shift),
      HINT = 'make it timestamp with time zone, or say cursor.lookback or cursor.lag of at least as much';
  END IF;
"""

_TIME = """\
<<goes_back>><<clock>>
<<assigned>>
  high := <<high>>;
  IF mark = '' THEN
    low := '-infinity';
  ELSE
    low := mark::<<type>> - interval <<lookback>>;
    high := greatest(high, mark::<<type>>);
  END IF;
  high := greatest(high, low);
  PERFORM set_config('dponec.window_low', <<low_text>>, true), set_config('dponec.window_high', <<high_text>>, true);"""

_CLOCK = "  horizon := clock_timestamp()<<lag>>;"

# https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL: NULL when nothing was replayed yet.
_REPLAYED = """\
  horizon := clock_timestamp();
  IF pg_is_in_recovery() THEN
    IF pg_last_xact_replay_timestamp() IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'DP430',
        MESSAGE = 'the source is a standby that has replayed no commit, so nobody can say how far it is behind',
        HINT = 'read from the primary, or run again when the primary has committed something';
    END IF;
    horizon := least(horizon, pg_last_xact_replay_timestamp());
  END IF;
  horizon := horizon<<lag>>;"""

_PRIMARY = """\
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'the source is a standby: it does not see which transactions are open on the primary',
      HINT = <<hint>>;
  END IF;"""
_TO_LAG = "read from the primary, or declare cursor.lag and drop cursor.assigned_by"

_OPEN_TRANSACTIONS = """\
<<primary>>
<<own>>
  IF NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'without pg_read_all_stats the open transactions of other users are hidden',
      HINT = format('GRANT pg_read_all_stats TO %I, or declare cursor.lag and drop cursor.assigned_by', current_user);
  END IF;
  -- A transaction that has just begun may show itself a moment after its start was stamped.
  PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
  IF EXISTS (SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND state = 'disabled' AND pid <> pg_backend_pid()) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'a session runs with track_activities = off, so its transactions are hidden',
      HINT = 'turn track_activities on for every writer, or declare cursor.lag and drop cursor.assigned_by';
  END IF;
  SELECT least(horizon, min(least(xact_start, CASE WHEN state = 'active' THEN query_start END)))
    INTO horizon
    FROM pg_stat_activity
   WHERE datname = current_database() AND pid <> pg_backend_pid()
     AND backend_type IS DISTINCT FROM 'autovacuum worker'
     -- One statement for as long as its subscriber lives, and it writes no row.
     AND (backend_type = 'walsender' AND query ~ '^\\s*START_REPLICATION') IS NOT TRUE;
"""

_PREPARED_REFUSED = """\
  IF EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'a prepared transaction is open, and nobody can say when it began',
      HINT = 'COMMIT or ROLLBACK PREPARED it (see pg_prepared_xacts), or declare cursor.lag';
  END IF;"""

_PREPARED_LAG = """\
  SELECT least(horizon, min(prepared)<<lag>>) INTO horizon
    FROM pg_prepared_xacts WHERE database = current_database();"""

_SEQUENCE = """\
<<primary>>
<<wait>>
  IF mark = '' THEN
    low := <<minimum>>;
    high := coalesce(high, low);
  ELSE
    low := greatest(mark::numeric - <<lookback>>, <<minimum>>);
    high := greatest(coalesce(high, low), mark::bigint);
  END IF;
  PERFORM set_config('dponec.window_low', low::text, true), set_config('dponec.window_high', high::text, true);"""

_SHARE_LOCK = """\
<<own>>
<<numbers>>
  BEGIN
    LOCK TABLE <<table>> IN SHARE MODE;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'the brief SHARE lock that makes the sequence cursor complete is not permitted',
      HINT = 'GRANT MAINTAIN (17 and later) or UPDATE on the source table, or declare cursor.lag';
  END;
  SELECT max(<<column>>)::bigint + 1 INTO high FROM <<table>>;"""

_NULL_CURSOR = """\
  IF EXISTS (
<<rows>>
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP508', MESSAGE = <<message>>,
      HINT = 'fill the column, filter the rows out, or say cursor.nulls: always_read';
  END IF;"""

_WAIT = """\
  SELECT max(<<column>>)::bigint + 1 INTO high FROM <<table>>;
  PERFORM pg_sleep(<<seconds>>);"""


def freeze_window(ctx: Context, action: FreezeWindow) -> Lowered | Unsupported:
    """The query that gives window_low and window_high."""
    kind = action.interval.type.kind
    if kind is Kind.INT:
        return _by_sequence(ctx, action)
    if kind not in (Kind.DATE, Kind.TIMESTAMP):
        return Unsupported(f"a cursor of type {action.interval.type.label()} has no order that writers follow")
    if action.lag is None and not action.assigned_by_database:
        return Unsupported("a time cursor needs cursor.assigned_by: database, or a declared cursor.lag")
    return _by_time(ctx, action)


def freeze_instant() -> Lowered:
    """The query that gives the run's instant as the window's high end; there is no low end."""
    return Lowered(op="query", bodies={"main": _INSTANT.text}, captures=("window_low", "window_high"))


_INSTANT = Sql(
    "SELECT '' AS window_low,\n"
    "       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00' AS window_high;\n"
)


def _by_time(ctx: Context, action: FreezeWindow) -> Lowered:
    type_ = action.interval.type
    lag = frame(" - <<span>>::interval", span=_seconds(action.lag)) if action.lag else Sql("")
    clock, assigned = frame(_REPLAYED, lag=lag), Sql("")
    if action.assigned_by_database:
        clock = frame(_CLOCK, lag=lag)
        prepared = frame(_PREPARED_LAG, lag=lag) if action.lag else Sql(_PREPARED_REFUSED)
        source = names.source(ctx.load.read.endpoint.table)
        own = no_copies(word(table(source)), str(source))
        assigned = statements(frame(_OPEN_TRANSACTIONS, primary=_primary(_TO_LAG), own=own), prepared)
    native = word(type_tree(comparable_type(type_)))
    body = frame(
        _TIME,
        goes_back=_goes_back(action, type_),
        clock=clock,
        assigned=assigned,
        high=_floor(type_),
        type=native,
        lookback=_lookback(action, type_),
        low_text=_text(type_, Sql("low")),
        high_text=_text(type_, Sql("high")),
    )
    declare = frame(
        "  mark text := current_setting('dponec.watermark');\n  horizon timestamptz;\n  low <<type>>;\n  high <<type>>;<<more>>",
        type=native,
        more=Sql("\n  shift interval;" if _is_wall_clock(type_) else ""),
    )
    return Lowered(
        op="query",
        bodies={"main": statements(do_block(statements(body, _no_null_cursor(ctx, action)), declare), _RESULT).text},
        params=("watermark",),
        captures=("window_low", "window_high"),
    )


def _primary(hint: str) -> Sql:
    return frame(_PRIMARY, hint=literal(hint))


def _no_null_cursor(ctx: Context, action: FreezeWindow) -> Sql:
    """No window holds a NULL: without a policy that reads such rows they would be left out for ever, so the run stops."""
    interval, facts = action.interval, ctx.facts.source_table
    known = facts.structure.column(interval.column) if facts is not None else None
    if interval.include_null or (known is not None and not known.nullable):
        return Sql("")
    ref = ctx.load.read.endpoint.table
    rows = (
        exp.Select().from_(table(names.source(ref))).where(exp.Is(this=column(interval.column), expression=exp.Null()))
    )
    if isinstance(ctx.load.read.where, ParsedSql):
        rows = rows.where(opaque(ctx.load.read.where))
    message = literal(f"rows of {ref} have NULL in the cursor {interval.column}, and no window would ever read them")
    return frame(_NULL_CURSOR, rows=sql(rows), message=message)


def _is_wall_clock(type_: DataType) -> bool:
    return type_.kind is Kind.TIMESTAMP and not type_.tz


def _goes_back(action: FreezeWindow, type_: DataType) -> Sql:
    if not _is_wall_clock(type_):
        return Sql("")
    held = _seconds(max(int(action.lag or 0), int(action.lookback or 0)))
    return frame(_GOES_BACK, zone=_ZONE, held=held, column=literal(action.interval.column))


def _floor(type_: DataType) -> Sql:
    """The horizon, floored to what the cursor can tell apart. A wall-clock cursor is read in the database's own zone."""
    wall = frame("(horizon AT TIME ZONE <<zone>>)", zone=_ZONE)
    if type_.kind is Kind.DATE:
        return frame("<<wall>>::date", wall=wall)
    value = Sql("horizon") if type_.tz else wall
    step = literal(f"{10 ** (6 - min(6 if type_.precision is None else type_.precision, 6))} microseconds")
    origin = Sql("timestamptz '2000-01-01 00:00:00+00'") if type_.tz else Sql("timestamp '2000-01-01'")
    return frame("date_bin(<<step>>, <<value>>, <<origin>>)", step=step, value=value, origin=origin)


def _lookback(action: FreezeWindow, type_: DataType) -> Sql:
    if type_.kind is Kind.DATE:  # part of a day re-reads the whole day
        return literal(f"{-(-action.lookback // 86400)} days")
    return _seconds(action.lookback)


def _seconds(seconds: int | None) -> Sql:
    return literal(f"{seconds or 0} seconds")


def _text(type_: DataType, value: Sql) -> Sql:
    if type_.kind is Kind.DATE:
        shown = frame("to_char(<<value>>, 'YYYY-MM-DD')", value=value)
    elif type_.tz:
        shown = frame("to_char(<<value>> AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00'", value=value)
    else:
        shown = frame("to_char(<<value>>, 'YYYY-MM-DD HH24:MI:SS.US')", value=value)
    return frame("CASE WHEN isfinite(<<value>>) THEN <<shown>> ELSE '-infinity' END", value=value, shown=shown)


def _by_sequence(ctx: Context, action: FreezeWindow) -> Lowered:
    ref = names.source(ctx.load.read.endpoint.table)
    whole, cursor = word(table(ref)), word(column(action.interval.column))
    if action.lag is None:
        wait = frame(
            _SHARE_LOCK,
            own=no_copies(whole, str(ref)),
            numbers=no_cached_numbers(whole, action.interval.column),
            table=whole,
            column=cursor,
        )
        locks: tuple[str, ...] = (
            # https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
            "SHARE on the source table while its maximum is read: writers wait, readers do not",
        )
    else:
        wait, locks = frame(_WAIT, column=cursor, table=whole, seconds=Sql(str(int(action.lag)))), ()
    body = frame(
        _SEQUENCE,
        primary=_primary("read from the primary, or by a time cursor with cursor.lag"),
        wait=wait,
        minimum=Sql(f"({lowest(action.interval.type)})"),
        lookback=Sql(str(int(action.lookback))),
    )
    timeout = frame(
        "  PERFORM set_config('lock_timeout', <<limit>>, true);",
        limit=literal(f"{ctx.load.write.limits.lock_timeout}s"),
    )
    declare = Sql("  mark text := current_setting('dponec.watermark');\n  low bigint;\n  high bigint;")
    return Lowered(
        op="query",
        bodies={
            "main": statements(do_block(statements(timeout, body, _no_null_cursor(ctx, action)), declare), _RESULT).text
        },
        params=("watermark",),
        captures=("window_low", "window_high"),
        locks=locks,
    )
