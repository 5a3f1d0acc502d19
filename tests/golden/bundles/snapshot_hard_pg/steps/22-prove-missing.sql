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
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows of the target have a key that the source lacks', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
END
$dponec$;
