-- step delete-matching
-- purpose: delete the target rows of staged keys
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: their new versions follow
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders" AS "t" USING   "staging"."orders__dponec_3eba98b9_rows" AS "s"
WHERE
  "t"."id" = "s"."id" AND "t"."day" = "s"."day";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
