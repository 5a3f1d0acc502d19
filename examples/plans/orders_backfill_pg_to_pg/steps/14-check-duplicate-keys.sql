-- step check-duplicate-keys
-- purpose: no key is staged twice
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: which of two rows wins would be chance
DO $dponec$
#variable_conflict use_column
DECLARE
  wrong bigint;
BEGIN
  IF (SELECT count("s"."order_id") > count(DISTINCT "s"."order_id") FROM "staging"."orders__dponec_49ace458_rows" AS "s") THEN
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "staging"."orders__dponec_49ace458_rows"
GROUP BY
  "order_id"
HAVING
  COUNT(*) > 1
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP504', MESSAGE = format('%s keys occur more than once in staging', wrong), HINT = 'fix the key or the source, or say policies.staging_duplicates: latest';
  END IF;
  END IF;
END
$dponec$;
