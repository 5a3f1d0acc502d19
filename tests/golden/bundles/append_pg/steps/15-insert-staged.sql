-- step insert-staged
-- purpose: add the staged rows
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: columns are listed, never positional
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
  digest_text text;
BEGIN
  WITH "stored" AS (
INSERT INTO "dwh"."events" AS "t" ("id", "kind", "at")
SELECT
  "s"."id",
  "s"."kind",
  "s"."at"
FROM "dwh"."events__dponec_f6f88e7d_rows" AS "s"
RETURNING HASHTEXTEXTENDED(CAST(((COALESCE(HASHINT8EXTENDED("t"."id", CASE WHEN "t"."id" < 0 THEN -1 ELSE 1 END), 1) # (COALESCE(HASHTEXTEXTENDED(CAST(("t"."kind") AS TEXT) COLLATE "C", 2), 2) # COALESCE(TIMESTAMP_HASH_EXTENDED("t"."at" AT TIME ZONE 'UTC', 3), 3)))) AS TEXT) COLLATE "C", 0) AS "h"
  )
  SELECT count(*), CAST(COALESCE(SUM("h"), 0) AS TEXT) || ':h1' INTO affected, digest_text FROM "stored";
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true),
          set_config('dponec.rows_stored', digest_text, true);
END
$dponec$;
