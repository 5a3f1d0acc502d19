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
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders" AS "t" USING   "staging"."orders__dponec_655da1bd_rows" AS "s"
WHERE
  "t"."order_id" = "s"."order_id"
  AND NOT (
    "t"."business_date" = ANY(
      ARRAY(SELECT
        CAST(v AS date)
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
    )
  ) IS TRUE;
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
