-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, staging_rows
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
    "business_date" >= (
      SELECT
        MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
    )
    AND "business_date" < (
      SELECT
        MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
    )
    AND DATE_TRUNC('month', CAST("business_date" AS TIMESTAMP)) = ANY(
      ARRAY(SELECT
        CAST(v AS TIMESTAMP)
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
    )
  )
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
