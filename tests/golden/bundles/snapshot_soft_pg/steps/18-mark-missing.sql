-- step mark-missing
-- purpose: mark rows that the source lacks
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: once: a mark that is there stays as it is
-- params: window_high
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders_marked" IN SHARE ROW EXCLUSIVE MODE;
  UPDATE "dwh"."orders_marked" AS "t" SET "deleted_at" = CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone)
WHERE
  (
    NOT (
      "t"."id" IS NULL
    )
    AND NOT EXISTS(
      SELECT
        1
      FROM "dwh"."orders_marked__dponec_44864c86_rows" AS "s"
      WHERE
        "t"."id" = "s"."id"
    )
    AND EXISTS(
      SELECT
        1
      FROM "dwh"."orders_marked__dponec_44864c86_rows"
    )
  )
  AND NOT (
    NOT "t"."deleted_at" IS NULL
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_marked', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_marked', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
