-- step insert-staged
-- purpose: insert the staged rows
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
INSERT INTO "dwh"."orders" AS "t" ("id", "day", "at", "amount", "status")
SELECT
  "s"."id",
  "s"."day",
  "s"."at",
  "s"."amount",
  "s"."status"
FROM "dwh"."orders__dponec_c0c8e52f_rows" AS "s"
RETURNING HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("t"."id", CASE WHEN "t"."id" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("t"."day") THEN "t"."day" - CAST('1970-01-01' AS DATE) WHEN "t"."day" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "t"."day" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 2), 2)) # (COALESCE(TIMESTAMP_HASH_EXTENDED("t"."at" AT TIME ZONE 'UTC', 3), 3) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("t"."amount", CASE WHEN "t"."amount" < 0 THEN -1 WHEN "t"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."status") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0) AS "h"
  )
  SELECT count(*), CAST(COALESCE(SUM("h"), 0) AS TEXT) || ':h1' INTO affected, digest_text FROM "stored";
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true),
          set_config('dponec.rows_stored', digest_text, true);
END
$dponec$;
