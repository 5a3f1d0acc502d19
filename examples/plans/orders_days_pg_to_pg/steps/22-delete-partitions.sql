-- step delete-partitions
-- purpose: delete the target rows of the affected partitions
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the read and the delete share one set
-- params: partitions
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders"
WHERE
  "business_date" = ANY(
    ARRAY(SELECT
      CAST(v AS date)
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
