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
  CAST("amount" AS numeric(20,4)) AS "total",
  CAST((
    upper("status")
  ) AS text) AS "status"
FROM "shop"."orders"
WHERE
  (
    "status" <> 'draft' AND "amount" >= 0
  )
) TO STDOUT (FORMAT binary);
