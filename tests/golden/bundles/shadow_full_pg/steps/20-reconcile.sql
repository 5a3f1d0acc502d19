-- step reconcile
-- purpose: prove that the target is what was built
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: inside the transaction a failed proof undoes everything
-- params: run_id, fence
DO $dponec$
#variable_conflict use_column
DECLARE
  expected bigint;
  found bigint;
  expected_digest text;
  found_digest text;
  others boolean := true;
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
FROM "dwh"."orders" AS "t"
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  IF (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) - CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT)) > '1000000'::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP507', MESSAGE = format('%s rows of the target would go, the plan allows %s', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) - CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT)), '1000000'),
      HINT = 'the transaction was rolled back; if that is right, raise limits.max_delete_rows for this run';
  END IF;
END
$dponec$;
