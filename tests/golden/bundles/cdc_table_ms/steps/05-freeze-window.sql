-- step freeze-window
-- purpose: fix the window before anything is read
-- engine: postgres (source)
-- idempotency: pure
-- why: rows that commit later must fall into a later window
-- params: watermark
DO $dponec$
DECLARE
  mark text := current_setting('dponec.watermark');
  low bigint;
  high bigint;
BEGIN
  PERFORM set_config('lock_timeout', '30s', true);
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'the source is a standby: it does not see which transactions are open on the primary',
      HINT = 'read from the primary, or by a time cursor with cursor.lag';
  END IF;
  SELECT max("seq")::bigint + 1 INTO high FROM "shop"."note_changes";
  PERFORM pg_sleep(60);
  IF mark = '' THEN
    low := (-9223372036854775808);
    high := coalesce(high, low);
  ELSE
    low := greatest(mark::numeric - 0, (-9223372036854775808));
    high := greatest(coalesce(high, low), mark::bigint);
  END IF;
  PERFORM set_config('dponec.window_low', low::text, true), set_config('dponec.window_high', high::text, true);

END
$dponec$;
SELECT current_setting('dponec.window_low') AS window_low, current_setting('dponec.window_high') AS window_high;
