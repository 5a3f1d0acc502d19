-- step delete-stale
-- purpose: delete versions that their history no longer has
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: two that became alike are one
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."order_history" IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM "dwh"."order_history" AS "t"
WHERE
  EXISTS(
    SELECT
      1
    FROM "dwh"."order_history__dponec_262087c2_versions" AS "s"
    WHERE
      "t"."id" = "s"."id"
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "dwh"."order_history__dponec_262087c2_versions" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."valid_from" = "s"."valid_from"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
