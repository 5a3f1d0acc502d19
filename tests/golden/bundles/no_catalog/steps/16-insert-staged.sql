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
  INSERT INTO "dwh"."orders" AS "t" ("id", "note", "at")
SELECT
  "s"."id",
  "s"."note",
  "s"."at"
FROM "dwh"."orders__dponec_6c1b9b6c_rows" AS "s";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
