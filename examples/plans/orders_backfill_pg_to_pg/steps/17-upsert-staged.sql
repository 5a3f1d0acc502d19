-- step upsert-staged
-- purpose: insert the staged rows, or give the target's row of the key their values
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: one pass over the delta, and the unique index decides, so no key can come twice
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
  digest_text text;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  WITH "stored" AS (
INSERT INTO "dwh"."orders" AS "t" ("order_id", "customer", "status", "amount", "big", "ratio", "business_date", "created_at", "updated_at", "note", "payload", "is_gift", "uid")
SELECT
  "s"."order_id",
  "s"."customer",
  "s"."status",
  "s"."amount",
  "s"."big",
  "s"."ratio",
  "s"."business_date",
  "s"."created_at",
  "s"."updated_at",
  "s"."note",
  "s"."payload",
  "s"."is_gift",
  "s"."uid"
FROM "staging"."orders__dponec_49ace458_rows" AS "s"
ON CONFLICT ("order_id") DO UPDATE SET
  "customer" = "excluded"."customer",
  "status" = "excluded"."status",
  "amount" = "excluded"."amount",
  "big" = "excluded"."big",
  "ratio" = "excluded"."ratio",
  "business_date" = "excluded"."business_date",
  "created_at" = "excluded"."created_at",
  "updated_at" = "excluded"."updated_at",
  "note" = "excluded"."note",
  "payload" = "excluded"."payload",
  "is_gift" = "excluded"."is_gift",
  "uid" = "excluded"."uid"
RETURNING HASHTEXTEXTENDED(CAST(((((COALESCE(HASHINT8EXTENDED("t"."order_id", CASE WHEN "t"."order_id" < 0 THEN -1 ELSE 1 END), 1) # (COALESCE(HASHTEXTEXTENDED(CAST(("t"."customer") AS TEXT) COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."status") AS TEXT) COLLATE "C", 3), 3))) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("t"."amount", CASE WHEN "t"."amount" < 0 THEN -1 WHEN "t"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("t"."big", CASE WHEN "t"."big" < 0 THEN -1 WHEN "t"."big" = 'NaN' THEN 2 ELSE 1 END), 5), 5) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."ratio") AS TEXT) COLLATE "C", 6), 6)))) # ((COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("t"."business_date") THEN "t"."business_date" - CAST('1970-01-01' AS DATE) WHEN "t"."business_date" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "t"."business_date" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 7), 7) # (COALESCE(TIMESTAMP_HASH_EXTENDED("t"."created_at" AT TIME ZONE 'UTC', 8), 8) # COALESCE(TIMESTAMP_HASH_EXTENDED("t"."updated_at" AT TIME ZONE 'UTC', 9), 9))) # ((COALESCE(HASHTEXTEXTENDED(CAST(("t"."note") AS TEXT) COLLATE "C", 10), 10) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."payload") AS TEXT) COLLATE "C", 11), 11)) # (COALESCE(HASHINT4EXTENDED(CAST(("t"."is_gift") AS INT), 12), 12) # COALESCE(UUID_HASH_EXTENDED("t"."uid", 13), 13)))))) AS TEXT) COLLATE "C", 0) AS "h"
  )
  SELECT count(*), CAST(COALESCE(SUM("h"), 0) AS TEXT) || ':h1' INTO affected, digest_text FROM "stored";
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true),
          set_config('dponec.rows_stored', digest_text, true);
END
$dponec$;
