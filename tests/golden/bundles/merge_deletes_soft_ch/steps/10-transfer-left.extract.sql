-- step transfer-left (extract)
-- purpose: stream the source into staging (left)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-left
-- why: one pass, constant memory, the vendors' bulk formats
-- params: staging_left
COPY (
SELECT
  "id"
FROM "shop"."orders"
WHERE
  (
    "status" = 'deleted'
  )
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
