-- step check-deletes
-- purpose: stop when too many keys are missing
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: a broken extract looks like a mass deletion
DO $dponec$
DECLARE
  gone bigint;
  living bigint;
BEGIN
  LOCK TABLE "dwh"."orders_marked" IN SHARE ROW EXCLUSIVE MODE;
  gone := (
SELECT
  COUNT(*)
FROM "dwh"."orders_marked" AS "t"
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
  )
  );
  living := (
SELECT
  COUNT(*)
FROM "dwh"."orders_marked" AS "t"
WHERE
  NOT (
    NOT "t"."deleted_at" IS NULL
  )
  );
  IF gone > '0.500000'::numeric * living THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507',
      MESSAGE = format('%s of %s rows of the target would go, the plan allows a share of %s', gone, living, '0.500000'),
      HINT = 'nothing was changed; if that is right, raise limits.max_delete_ratio';
  END IF;
END
$dponec$;
