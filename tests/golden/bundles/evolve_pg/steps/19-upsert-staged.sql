-- step upsert-staged
-- purpose: insert the staged rows, or give the target's row of the key their values
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: one pass over the delta, and the unique index decides, so no key can come twice
DO $dponec1$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "dwh"."orders" AS "t" ("id", "day", "at", "amount", "status", "st'at;us $(id) `x` ""y"" ]z", "a$dponec$\ %s")
SELECT
  "s"."id",
  "s"."day",
  "s"."at",
  "s"."amount",
  "s"."status",
  "s"."st'at;us $(id) `x` ""y"" ]z",
  "s"."a$dponec$\ %s"
FROM "dwh"."orders__dponec_79167393_rows" AS "s"
ON CONFLICT ("id", "day") DO UPDATE SET
  "at" = "excluded"."at",
  "amount" = "excluded"."amount",
  "status" = "excluded"."status",
  "st'at;us $(id) `x` ""y"" ]z" = "excluded"."st'at;us $(id) `x` ""y"" ]z",
  "a$dponec$\ %s" = "excluded"."a$dponec$\ %s";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec1$;
