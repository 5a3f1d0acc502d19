-- step insert-versions
-- purpose: insert versions that are new
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: in the same transaction
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."order_history" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "dwh"."order_history" AS "t" ("id", "day", "at", "amount", "status", "valid_from", "valid_to", "is_current", "row_hash")
SELECT
  "s"."id",
  "s"."day",
  "s"."at",
  "s"."amount",
  "s"."status",
  "s"."valid_from",
  "s"."valid_to",
  "s"."is_current",
  "s"."row_hash"
FROM "dwh"."order_history__dponec_38349d5e_versions" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."order_history" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."valid_from" = "s"."valid_from"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
