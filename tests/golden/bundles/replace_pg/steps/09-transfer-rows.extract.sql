-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
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
    "day" >= CAST('2026-01-01' AS date) AND "day" < CAST('2026-02-01' AS date)
  )
) TO STDOUT (FORMAT binary);
