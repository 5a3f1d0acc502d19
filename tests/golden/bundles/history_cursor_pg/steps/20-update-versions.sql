-- step update-versions
-- purpose: update versions whose end or content changed
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the row stays the row, so what refers to it stays valid
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."order_history" IN SHARE ROW EXCLUSIVE MODE;
  PERFORM set_config('dponec.rows_matched', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_matched', TRUE), ''), '0') AS BIGINT) + (
SELECT
  COUNT(*)
FROM "dwh"."order_history__dponec_262087c2_versions" AS "s"
WHERE
  EXISTS(
    SELECT
      1
    FROM "dwh"."order_history" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."valid_from" = "s"."valid_from"
  )
  ))::text, true);
  UPDATE "dwh"."order_history" AS "t" SET "day" = "s"."day", "at" = "s"."at", "amount" = "s"."amount", "status" = "s"."status", "valid_to" = "s"."valid_to", "is_current" = "s"."is_current", "row_hash" = "s"."row_hash"
FROM "dwh"."order_history__dponec_262087c2_versions" AS "s"
WHERE
  (
    "t"."id" = "s"."id" AND "t"."valid_from" = "s"."valid_from"
  )
  AND ROW(
    "t"."day",
    "t"."at",
    "t"."amount",
    CAST((
      "t"."status"
    ) AS TEXT) COLLATE "C",
    "t"."valid_to",
    "t"."is_current",
    CAST((
      "t"."row_hash"
    ) AS TEXT) COLLATE "C"
  ) IS DISTINCT FROM ROW(
    "s"."day",
    "s"."at",
    "s"."amount",
    CAST((
      "s"."status"
    ) AS TEXT) COLLATE "C",
    "s"."valid_to",
    "s"."is_current",
    CAST((
      "s"."row_hash"
    ) AS TEXT) COLLATE "C"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_updated', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_updated', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
