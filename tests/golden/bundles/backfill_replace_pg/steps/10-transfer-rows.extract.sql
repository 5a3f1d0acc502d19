-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY (
SELECT
  "id",
  "day",
  "at",
  "amount",
  "status"
FROM "shop"."orders"
WHERE
  (
    "status" <> 'draft'
  )
  AND (
    "id" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
    AND "id" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
  )
) TO STDOUT (FORMAT binary);
