-- step delete-missing
-- purpose: delete rows that the source lacks
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: rows without a key stay
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."orders" AS "t"
WHERE
  NOT (
    "t"."id" IS NULL
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders__dponec_24f5658a_rows" AS "s"
    WHERE
      "t"."id" = "s"."id"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
