-- step transfer-left (extract)
-- purpose: stream the source into staging (left)
-- engine: postgres (source), transaction stage-left
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY (
SELECT
  "id",
  "day"
FROM "shop"."orders"
WHERE
  (
    NOT COALESCE((
      "status" <> 'draft'
    ), FALSE) OR (
      "status" = 'deleted'
    )
  )
  AND (
    "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
    AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
  )
) TO STDOUT (FORMAT binary);
