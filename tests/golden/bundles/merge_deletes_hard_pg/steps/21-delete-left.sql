-- step delete-left
-- purpose: delete rows whose key is gone
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: on_leave_filter: delete and deletes: hard; otherwise such a row would stay for ever
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders" AS "t" USING   "staging"."orders__dponec_3eba98b9_left" AS "s"
WHERE
  "t"."id" = "s"."id" AND "t"."day" = "s"."day";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
