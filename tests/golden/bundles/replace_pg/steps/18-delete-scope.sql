-- step delete-scope
-- purpose: delete the target rows of the scope
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the read and the delete share one scope
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders"
WHERE
  "day" >= CAST('2026-01-01' AS date) AND "day" < CAST('2026-02-01' AS date);
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
