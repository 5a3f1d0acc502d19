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
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "dwh"."orders__dponec_79167393_rows"
GROUP BY
  "id",
  "day"
HAVING
  COUNT(*) > 1
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP504', MESSAGE = format('%s keys occur more than once in staging', wrong), HINT = 'fix the key or the source, or say policies.staging_duplicates: latest';
  END IF;
END
$dponec$;
