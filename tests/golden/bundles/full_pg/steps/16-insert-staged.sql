-- step insert-staged
-- purpose: put the staged rows in
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: columns are listed, never positional
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  INSERT INTO "dwh"."totals" AS "t" ("id", "day", "at", "total", "status")
SELECT
  "s"."id",
  "s"."day",
  "s"."at",
  "s"."total",
  "s"."status"
FROM "staging"."totals__dponec_1b494d03_rows" AS "s";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
