-- step prove-deleted
-- purpose: prove that no row is left whose key the source has deleted
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
  EXISTS(
    SELECT
      1
    FROM "staging"."orders__dponec_3eba98b9_left" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  )
  );
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows of the target have a key that the source has deleted', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
END
$dponec$;
