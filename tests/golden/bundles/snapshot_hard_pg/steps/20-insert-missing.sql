-- step insert-missing
-- purpose: insert keys that are new
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: in the same transaction
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "dwh"."orders" AS "t" ("id", "day", "at", "amount", "status")
SELECT
  "s"."id",
  "s"."day",
  "s"."at",
  "s"."amount",
  "s"."status"
FROM "dwh"."orders__dponec_24f5658a_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders" AS "t"
    WHERE
      "t"."id" = "s"."id"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
