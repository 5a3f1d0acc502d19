-- step upsert-staged
-- purpose: insert the staged rows, or give the target's row of the key their values
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: one pass over the delta, and the unique index decides, so no key can come twice
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
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
  "uid" = "excluded"."uid";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
