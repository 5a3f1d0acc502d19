-- step commit-state
-- purpose: mark the run committed
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: state and data agree, or neither moved
-- params: run_id, fence
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  UPDATE "dwh"."dponec_state"
     SET phase = 'committed', committed_run_id = run_id, rows_applied = rows_staged,
         target = '"dwh"."orders"',
         updated_at = clock_timestamp()
 WHERE load = 'shadow_full_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged' AND rows_staged IS NOT NULL;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP511', MESSAGE = 'the state row is not this run''s staged attempt, so the watermark did not move', HINT = 'the data of this transaction was rolled back; run again';
  END IF;
END
$dponec$;
