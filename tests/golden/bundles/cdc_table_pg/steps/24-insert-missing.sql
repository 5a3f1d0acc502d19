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
  LOCK TABLE "dwh"."notes" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "dwh"."notes" AS "t" ("id", "status", "body", "amount", "at", "gone")
SELECT
  "s"."id",
  "s"."status",
  "s"."body",
  "s"."amount",
  "s"."at",
  "s"."gone"
FROM "staging"."notes__dponec_4c64b8df_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."notes" AS "t"
    WHERE
      "t"."id" = "s"."id"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
