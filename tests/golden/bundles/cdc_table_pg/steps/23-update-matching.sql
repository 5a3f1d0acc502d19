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
  LOCK TABLE "dwh"."notes" IN SHARE ROW EXCLUSIVE MODE;
  PERFORM set_config('dponec.rows_matched', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_matched', TRUE), ''), '0') AS BIGINT) + (
SELECT
  COUNT(*)
FROM "staging"."notes__dponec_4c64b8df_rows" AS "s"
WHERE
  EXISTS(
    SELECT
      1
    FROM "dwh"."notes" AS "t"
    WHERE
      "t"."id" = "s"."id"
  )
  ))::text, true);
  UPDATE "dwh"."notes" AS "t" SET "status" = "s"."status", "body" = "s"."body", "amount" = "s"."amount", "at" = "s"."at", "gone" = "s"."gone"
FROM "staging"."notes__dponec_4c64b8df_rows" AS "s"
WHERE
  "t"."id" = "s"."id"
  AND ROW(
    CAST((
      "t"."status"
    ) AS TEXT) COLLATE "C",
    CAST((
      "t"."body"
    ) AS TEXT) COLLATE "C",
    "t"."amount",
    "t"."at",
    "t"."gone"
  ) IS DISTINCT FROM ROW(
    CAST((
      "s"."status"
    ) AS TEXT) COLLATE "C",
    CAST((
      "s"."body"
    ) AS TEXT) COLLATE "C",
    "s"."amount",
    "s"."at",
    "s"."gone"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_updated', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_updated', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
