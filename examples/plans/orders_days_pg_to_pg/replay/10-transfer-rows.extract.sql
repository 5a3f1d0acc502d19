-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions
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
  AND "business_date" = ANY(
    ARRAY(SELECT
      CAST(v AS date)
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
  )
) TO STDOUT (FORMAT binary);
