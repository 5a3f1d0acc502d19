-- step check-tombstones
-- purpose: no key is staged as deleted and as living
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: which of the two came last, nobody could say
DO $dponec$
#variable_conflict use_column
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "staging"."orders__dponec_3eba98b9_rows" AS "t"
WHERE
  EXISTS(
    SELECT
      1
    FROM "staging"."orders__dponec_3eba98b9_left" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  )
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP504', MESSAGE = format('%s keys are staged as deleted and as living', wrong), HINT = 'a source that keeps a deletion beside the row is a change table: use cdc_apply, or delete the older row';
  END IF;
END
$dponec$;
