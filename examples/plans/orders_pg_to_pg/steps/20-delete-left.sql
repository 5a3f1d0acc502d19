-- step delete-left
-- purpose: delete rows whose key left the filter
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: on_leave_filter: delete; otherwise such a row would stay for ever
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders" AS "t" USING   "staging"."orders__dponec_f2abdfff_left" AS "s"
WHERE
  "t"."order_id" = "s"."order_id";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
