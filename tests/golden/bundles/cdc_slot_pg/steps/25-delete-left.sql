-- step delete-left
-- purpose: delete rows whose key left the filter
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: delete_policy: apply; otherwise such a row would stay for ever
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."notes" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."notes" AS "t" USING   "staging"."notes__dponec_37c7a663_left" AS "s"
WHERE
  "t"."id" = "s"."id";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
