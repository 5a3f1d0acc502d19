-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, run_id, fence
COPY (
SELECT
  CAST(ARRAY_TO_JSON(
    CAST(ARRAY[
      CAST((
        CAST((
          "order_id"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST("customer_id" AS uuid)
      ) AS TEXT),
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT),
      CAST((
        CAST((
          "status"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          "note"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST(CAST("business_date" AS TIMESTAMP) AS DATE)
      ) AS TEXT),
      CAST((
        CAST((
          "updated_at"
        ) AT TIME ZONE 'UTC' AS timestamp(6) without time zone)
      ) AS TEXT) || '+00:00'
    ] AS TEXT[])
  ) AS TEXT) AS line
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
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
