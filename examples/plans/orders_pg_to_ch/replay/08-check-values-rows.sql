-- step check-values-rows
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: postgres (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
-- params: partitions
DO $dponec$
#variable_conflict use_column
DECLARE
  problems text;
BEGIN
  SELECT string_agg(format('column %s: %s values (%s); policy %s', e.name, e.n, e.says, e.policy), '; ') INTO problems
    FROM (
SELECT
  COUNT(*) FILTER(WHERE
    (
      "amount"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n0,
  COUNT(*) FILTER(WHERE
    (
      "big"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n1,
  COUNT(*) FILTER(WHERE
    (
      "business_date" < CAST('1900-01-01' AS DATE)
      OR "business_date" > CAST('2299-12-31' AS DATE)
    )) AS n2,
  COUNT(*) FILTER(WHERE
    (
      (
        "created_at"
      ) AT TIME ZONE 'UTC' < CAST('1900-01-01 00:00:00' AS TIMESTAMP)
      OR (
        "created_at"
      ) AT TIME ZONE 'UTC' > CAST('2299-12-31 23:59:59.999999' AS TIMESTAMP)
    )) AS n3,
  COUNT(*) FILTER(WHERE
    (
      (
        "updated_at"
      ) AT TIME ZONE 'UTC' < CAST('1900-01-01 00:00:00' AS TIMESTAMP)
      OR (
        "updated_at"
      ) AT TIME ZONE 'UTC' > CAST('2299-12-31 23:59:59.999999' AS TIMESTAMP)
    )) AS n4
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
    ) AS "counted"
   CROSS JOIN LATERAL (VALUES
      ('"amount"', "counted"."n0", 'NaN', 'fail'),
      ('"big"', "counted"."n1", 'NaN', 'fail'),
      ('"business_date"', "counted"."n2", 'dates outside of 1900-01-01 to 2299-12-31 (and infinity)', 'fail'),
      ('"created_at"', "counted"."n3", 'instants outside of 1900-01-01 to 2299-12-31 (and infinity)', 'fail'),
      ('"updated_at"', "counted"."n4", 'instants outside of 1900-01-01 to 2299-12-31 (and infinity)', 'fail')
    ) AS e (name, n, says, policy)
   WHERE e.n > 0;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP524', MESSAGE = 'values that the target cannot hold: ' || problems,
      HINT = 'correct them, change the type of the target, or say lossy: null, clamp or text for the column';
  END IF;
END
$dponec$;
