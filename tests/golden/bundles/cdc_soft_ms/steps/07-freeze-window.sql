-- step freeze-window
-- purpose: fix the window before anything is read
-- engine: postgres (source)
-- idempotency: pure
-- why: rows that commit later must fall into a later window
-- params: watermark, feed_start
DO $dponec$
DECLARE
  mark text := current_setting('dponec.watermark');
  high bigint;
BEGIN
  IF mark = '' THEN
    IF current_setting('dponec.feed_start') = '' THEN
      RAISE EXCEPTION USING ERRCODE = 'DP444', MESSAGE = 'the first run of a slot has no snapshot', HINT = 'use dponec run';
    END IF;
    PERFORM set_config('dponec.window_low', '-9223372036854775808', true);
    PERFORM set_config('dponec.window_high', current_setting('dponec.feed_start'), true);
  ELSE
    high := (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint;
    IF high < mark::bigint THEN
      RAISE EXCEPTION USING ERRCODE = 'DP440',
        MESSAGE = 'the source stands before the last applied change: it was restored, or it is another server', HINT = 'drop it (replay/drop-slot.sql), dponec state set LOAD '''', and run: the load begins with a new copy';
    END IF;
    PERFORM set_config('dponec.window_low', mark, true), set_config('dponec.window_high', high::text, true);
  END IF;
END
$dponec$;
SELECT current_setting('dponec.window_low') AS window_low, current_setting('dponec.window_high') AS window_high;
