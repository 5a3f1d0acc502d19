-- step read-changes
-- purpose: peek at the slot up to the window's end, into a temporary table of the source
-- engine: postgres (source)
-- idempotency: pure
-- why: peeking consumes nothing: a lost read loses nothing
-- params: watermark, window_low, window_high
DO $dponec$
BEGIN
  IF current_setting('dponec.watermark') <> ''
     AND current_setting('dponec.window_low')::bigint > current_setting('dponec.watermark')::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP444', MESSAGE = 'the window begins after the last applied change, so changes would be left out',
      HINT = 'let --window begin at the watermark, or leave it away';
  END IF;
END
$dponec$;
DROP TABLE IF EXISTS pg_temp."__dponec_changes";
CREATE TEMPORARY TABLE "__dponec_changes" AS
SELECT NULL::bigint AS "__dponec_order", NULL::bigint AS "__dponec_lsn", NULL::text AS "__dponec_op", NULL::text AS "__dponec_unchanged", t."id" AS "__dponec_old_0", t."id", t."status", t."body", t."amount", t."at"
  FROM "shop"."notes" AS t WITH NO DATA;
SELECT a.attname AS name, a.atttypid::text AS type, a.atttypmod::text AS modifier
  FROM pg_attribute AS a WHERE a.attrelid = '"shop"."notes"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
