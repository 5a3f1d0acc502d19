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
) TO STDOUT (FORMAT binary);
