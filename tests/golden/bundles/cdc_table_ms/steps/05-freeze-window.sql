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
