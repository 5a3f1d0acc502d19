-- step check-null-keys
-- purpose: no key is NULL
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a NULL key matches nothing, so each load would add the row again
DO $dponec$
#variable_conflict use_column
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "dwh"."orders__dponec_79167393_rows"
WHERE
  "id" IS NULL OR "day" IS NULL
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP503', MESSAGE = format('%s staged rows have NULL in the key', wrong), HINT = 'fix the source, or say policies.null_keys: skip';
  END IF;
END
$dponec$;
