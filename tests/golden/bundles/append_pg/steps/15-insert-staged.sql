-- step insert-staged
-- purpose: add the staged rows
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: columns are listed, never positional
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  INSERT INTO "dwh"."events" AS "t" ("id", "kind", "at")
SELECT
  "s"."id",
  "s"."kind",
  "s"."at"
FROM "dwh"."events__dponec_f6f88e7d_rows" AS "s";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
