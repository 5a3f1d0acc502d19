-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: partitions
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  '' AS source_a,
  '' AS source_b
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
  );
