-- step delete-moved
-- purpose: delete rows of staged keys outside of these partitions
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: they moved and no window said so; their new versions are staged
-- params: partitions
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders_months" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders_months" AS "t" USING   "dwh"."orders_months__dponec_10542f54_rows" AS "s"
WHERE
  "t"."id" = "s"."id"
  AND NOT (
    "t"."day" >= (
      SELECT
        MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
    )
    AND "t"."day" < (
      SELECT
        MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
    )
    AND DATE_TRUNC('month', CAST("t"."day" AS TIMESTAMP)) = ANY(
      ARRAY(SELECT
        CAST(v AS TIMESTAMP)
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
    )
  ) IS TRUE;
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
