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
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  gone := (
SELECT
  COUNT(*)
FROM "dwh"."orders" AS "t"
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
  )
  );
  living := (
SELECT
  COUNT(*)
FROM "dwh"."orders" AS "t"
  );
  IF gone > '100000'::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507', MESSAGE = format('%s rows of the target would go, the plan allows %s', gone, '100000'),
      HINT = 'nothing was changed; if that is right, raise limits.max_delete_rows';
  END IF;
  IF gone > '0.100000'::numeric * living THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507',
      MESSAGE = format('%s of %s rows of the target would go, the plan allows a share of %s', gone, living, '0.100000'),
      HINT = 'nothing was changed; if that is right, raise limits.max_delete_ratio';
  END IF;
END
$dponec$;
