-- step delete-partitions
-- purpose: delete the target rows of the named partitions
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the read and the delete share one set
-- params: partitions
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders_months" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders_months"
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
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
