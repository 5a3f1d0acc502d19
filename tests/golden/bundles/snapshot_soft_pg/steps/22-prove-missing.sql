-- step prove-missing
-- purpose: prove that no key is left that the source lacks
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: what was missed would stay for ever
DO $dponec$
DECLARE
  wrong bigint;
BEGIN
  wrong := (
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
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows that the source lacks are not marked', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  wrong := (
SELECT
  COUNT(*)
FROM "dwh"."orders_marked" AS "t"
WHERE
  EXISTS(
    SELECT
      1
    FROM "dwh"."orders_marked__dponec_44864c86_rows" AS "s"
    WHERE
      "t"."id" = "s"."id"
  )
  AND NOT "t"."deleted_at" IS NULL
  );
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows of the target are marked, and the source has their key', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
END
$dponec$;
