-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
COPY (
SELECT
  "id",
  "note",
  "at"
FROM "public"."orders"
) TO STDOUT (FORMAT binary);
