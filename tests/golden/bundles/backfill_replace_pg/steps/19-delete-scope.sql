-- step delete-scope
-- purpose: delete the target rows of the scope
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the read and the delete share one scope
-- params: window_low, window_high
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders"
WHERE
  "id" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
  AND "id" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint);
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
