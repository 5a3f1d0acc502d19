-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: staging_rows
COPY (
SELECT
  "id",
  "day",
  "at" AT TIME ZONE 'UTC' AS "at",
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
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
