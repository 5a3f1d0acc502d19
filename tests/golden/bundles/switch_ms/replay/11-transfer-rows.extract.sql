-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, run_id, fence
COPY (
SELECT
  CAST(ARRAY_TO_JSON(
    CAST(ARRAY[
      CAST((
        CAST((
          "id"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST(CAST("day" AS TIMESTAMP) AS DATE)
      ) AS TEXT),
      CAST((
        CAST((
          "at"
        ) AT TIME ZONE 'UTC' AS timestamp(6) without time zone)
      ) AS TEXT) || '+00:00',
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT),
      CAST((
        CAST((
          "status"
        ) AS TEXT)
      ) AS TEXT)
    ] AS TEXT[])
  ) AS TEXT) AS line
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
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
