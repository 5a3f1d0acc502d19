-- step freeze-window
-- purpose: fix the window before anything is read
-- engine: postgres (source)
-- idempotency: pure
-- why: rows that commit later must fall into a later window
-- params: watermark
DO $dponec$
DECLARE
  mark text := current_setting('dponec.watermark');
  horizon timestamptz;
  low timestamp with time zone;
  high timestamp with time zone;
BEGIN
  horizon := clock_timestamp();
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'the source is a standby: it does not see which transactions are open on the primary',
      HINT = 'read from the primary, or declare cursor.lag and drop cursor.assigned_by';
  END IF;
  IF EXISTS (
    WITH RECURSIVE behind (relation) AS (
      SELECT '"public"."orders"'::regclass::oid
      UNION
      SELECT next.relation FROM behind CROSS JOIN LATERAL (
        SELECT inhrelid FROM pg_inherits WHERE inhparent = behind.relation
        UNION ALL
        SELECT d.refobjid FROM pg_rewrite AS r
          JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
         WHERE r.ev_class = behind.relation AND r.ev_type = '1'
      ) AS next (relation)
    )
    SELECT FROM behind JOIN pg_class AS c ON c.oid = behind.relation WHERE c.relkind IN ('m', 'f')
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'public.orders reads a materialized view or a foreign table, whose rows come later than the writers stamp them',
      HINT = 'declare cursor.lag, the longest time that a row takes to arrive there, and drop cursor.assigned_by';
  END IF;
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
     AND (backend_type = 'walsender' AND query ~ '^\s*START_REPLICATION') IS NOT TRUE;

  IF EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'a prepared transaction is open, and nobody can say when it began',
      HINT = 'COMMIT or ROLLBACK PREPARED it (see pg_prepared_xacts), or declare cursor.lag';
  END IF;
  high := date_bin('1 microseconds', horizon, timestamptz '2000-01-01 00:00:00+00');
  IF mark = '' THEN
    low := '-infinity';
  ELSE
    low := mark::timestamp with time zone - interval '0 seconds';
    high := greatest(high, mark::timestamp with time zone);
  END IF;
  high := greatest(high, low);
  PERFORM set_config('dponec.window_low', CASE WHEN isfinite(low) THEN to_char(low AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00' ELSE '-infinity' END, true), set_config('dponec.window_high', CASE WHEN isfinite(high) THEN to_char(high AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00' ELSE '-infinity' END, true);

END
$dponec$;
SELECT current_setting('dponec.window_low') AS window_low, current_setting('dponec.window_high') AS window_high;
