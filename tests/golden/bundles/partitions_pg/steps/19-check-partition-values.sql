-- step check-partition-values
-- purpose: every staged row lies in an affected partition
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a row outside would be lost or doubled
-- params: partitions
DO $dponec$
#variable_conflict use_column
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "dwh"."orders__dponec_b7e3a46a_rows"
WHERE
  "day" IS NULL
  OR NOT COALESCE(
    (
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
    ),
    FALSE
  )
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = format('%s staged rows have no partition of this run', wrong), HINT = 'their partition value is NULL, or changed in the source after the partitions were found; run again';
  END IF;
END
$dponec$;
