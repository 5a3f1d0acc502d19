-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_rows
COPY (
SELECT
  "order_id",
  "customer",
  "status",
  "amount",
  "big",
  "ratio",
  "business_date",
  "created_at" AT TIME ZONE 'UTC' AS "created_at",
  "updated_at" AT TIME ZONE 'UTC' AS "updated_at",
  "note",
  CAST("payload" AS TEXT) AS "payload",
  CAST((
    "is_gift"
  ) AS INT) AS "is_gift",
  "uid"
FROM "public"."orders"
WHERE
  (
    "status" <> 'draft'
  )
  AND (
    "updated_at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
    AND "updated_at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
  )
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
