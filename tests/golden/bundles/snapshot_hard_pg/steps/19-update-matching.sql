-- step update-matching
-- purpose: update rows that differ
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: unchanged rows are not written, so there are no dead tuples for nothing
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  PERFORM set_config('dponec.rows_matched', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_matched', TRUE), ''), '0') AS BIGINT) + (
SELECT
  COUNT(*)
FROM "dwh"."orders__dponec_24f5658a_rows" AS "s"
WHERE
  EXISTS(
    SELECT
      1
    FROM "dwh"."orders" AS "t"
    WHERE
      "t"."id" = "s"."id"
  )
  ))::text, true);
  UPDATE "dwh"."orders" AS "t" SET "day" = "s"."day", "at" = "s"."at", "amount" = "s"."amount", "status" = "s"."status"
FROM "dwh"."orders__dponec_24f5658a_rows" AS "s"
WHERE
  "t"."id" = "s"."id"
  AND ROW("t"."day", "t"."at", "t"."amount", CAST((
    "t"."status"
  ) AS TEXT) COLLATE "C") IS DISTINCT FROM ROW("s"."day", "s"."at", "s"."amount", CAST((
    "s"."status"
  ) AS TEXT) COLLATE "C");
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_updated', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_updated', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
