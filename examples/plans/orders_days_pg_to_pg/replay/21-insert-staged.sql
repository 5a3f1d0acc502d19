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
FROM "staging"."orders__dponec_655da1bd_rows" AS "s";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
