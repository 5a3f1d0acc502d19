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
    IF pg_last_xact_replay_timestamp() IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'DP430',
        MESSAGE = 'the source is a standby that has replayed no commit, so nobody can say how far it is behind',
        HINT = 'read from the primary, or run again when the primary has committed something';
    END IF;
    horizon := least(horizon, pg_last_xact_replay_timestamp());
  END IF;
  horizon := horizon - '600 seconds'::interval;

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
