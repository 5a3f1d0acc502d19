-- step insert-staged
-- purpose: insert the staged rows
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: columns are listed, never positional
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  INSERT INTO "dwh"."orders" AS "t" ("id", "day", "at", "amount", "status")
SELECT
  "s"."id",
  "s"."day",
  "s"."at",
  "s"."amount",
  "s"."status"
FROM "dwh"."orders__dponec_c0c8e52f_rows" AS "s";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
