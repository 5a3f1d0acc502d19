-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  '' AS source_a,
  '' AS source_b
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone);
