-- step transfer-left (extract)
-- purpose: stream the source into staging (left)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-left
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_left
COPY (
SELECT
  "order_id"
FROM "public"."orders"
WHERE
  NOT COALESCE((
    "status" <> 'draft'
  ), FALSE)
  AND (
    "updated_at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
    AND "updated_at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
  )
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
