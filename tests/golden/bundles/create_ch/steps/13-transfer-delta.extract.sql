-- step transfer-delta (extract)
-- purpose: stream the source into staging (delta)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_delta
COPY (
SELECT
  "id",
  "day"
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
