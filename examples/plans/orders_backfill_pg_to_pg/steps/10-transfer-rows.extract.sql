-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY (
SELECT
  "order_id",
  "customer",
  "status",
  "amount",
  "big",
  "ratio",
  "business_date",
  "created_at",
  "updated_at",
  "note",
  "payload",
  "is_gift",
  "uid"
FROM "public"."orders"
WHERE
  (
    "status" <> 'draft'
  )
  AND (
    "business_date" >= CAST(CURRENT_SETTING('dponec.window_low') AS date)
    AND "business_date" < CAST(CURRENT_SETTING('dponec.window_high') AS date)
  )
) TO STDOUT (FORMAT binary);
