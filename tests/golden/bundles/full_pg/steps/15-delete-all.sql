-- step delete-all
-- purpose: take the old rows out
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the new ones come in the same transaction
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."totals" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."totals";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
