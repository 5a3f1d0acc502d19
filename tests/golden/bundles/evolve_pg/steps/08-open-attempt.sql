-- step open-attempt
-- purpose: record run id and window in the state row
-- engine: postgres (target)
-- idempotency: idempotent
-- why: whoever finishes this attempt must use the same window
-- params: run_id, fence, fingerprint, window_low, window_high
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  UPDATE "dwh"."dponec_state"
     SET attempt = attempt + 1, run_id = current_setting('dponec.run_id'), phase = 'open',
         fingerprint = current_setting('dponec.fingerprint'), window_low = current_setting('dponec.window_low'), window_high = current_setting('dponec.window_high'),
         partitions = NULL, rows_staged = NULL, digest = NULL, updated_at = clock_timestamp()
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND NOT (run_id IS NOT DISTINCT FROM current_setting('dponec.run_id') AND phase IN ('committed', 'done'));
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP410', MESSAGE = 'another run holds the lease of this load now, so this one may not write', HINT = 'nothing of this transaction was kept; look at dponec status and run again';
  END IF;
END
$dponec$;
