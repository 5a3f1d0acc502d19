-- step prove-shadow
-- purpose: prove the new target before it is one
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: readers do not wait for the comparison
-- params: run_id, fence
DO $dponec$
DECLARE
  expected bigint;
  found bigint;
  expected_digest text;
  found_digest text;
BEGIN
  SELECT rows_staged, digest INTO expected, expected_digest FROM "dwh"."dponec_state"
 WHERE load = 'shadow_full_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  IF expected IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the state row does not say how many rows this run staged',
      HINT = 'the transaction was rolled back; run again';
  END IF;
  found := (
SELECT count(*) FROM "dwh"."orders__dponec_37ca8c9f_rows"
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('staging holds %s rows now, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT)
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows were applied, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
SELECT
  COUNT(*)
FROM "dwh"."orders__dponec_37ca8c9f_swap_n1" AS "t"
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
SELECT
  COUNT(*)
FROM "dwh"."orders__dponec_37ca8c9f_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders__dponec_37ca8c9f_swap_n1" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s staged keys are not in the target', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
SELECT
  COUNT(*)
FROM "dwh"."orders__dponec_37ca8c9f_swap_n1" AS "t"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders__dponec_37ca8c9f_rows" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s keys of the target were not staged', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
END
$dponec$;
