-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions
COPY (
SELECT
  "id",
  "day",
  "at",
  "amount",
  "status"
FROM "shop"."orders"
WHERE
  "day" >= (
    SELECT
      MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
  )
  AND "day" < (
    SELECT
      MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
  )
  AND DATE_TRUNC('month', CAST("day" AS TIMESTAMP)) = ANY(
    ARRAY(SELECT
      CAST(v AS TIMESTAMP)
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
  )
) TO STDOUT (FORMAT binary);
