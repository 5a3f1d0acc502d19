-- step mark-deleted
-- purpose: mark the rows whose key is gone
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: deletes: soft; the row stays, and readers see that it is gone
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."notes" IN SHARE ROW EXCLUSIVE MODE;
  UPDATE "dwh"."notes" AS "t" SET "gone" = TRUE
WHERE
  EXISTS(
    SELECT
      1
    FROM "staging"."notes__dponec_4c64b8df_left" AS "s"
    WHERE
      "t"."id" = "s"."id"
  )
  AND NOT (
    COALESCE("t"."gone", FALSE)
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_marked', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_marked', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
