-- step fence-stage-rows
-- purpose: hold the state row with our fencing token
-- engine: postgres (target), transaction stage-rows
-- idempotency: pure
-- why: a run that lost its lease must not write
-- params: run_id, fence
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  PERFORM set_config('lock_timeout', '30s', true);
  PERFORM set_config('work_mem', '64MB', true) WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB');
  PERFORM FROM "dwh"."dponec_state"
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     FOR UPDATE;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP410', MESSAGE = 'another run holds the lease of this load now, so this one may not write', HINT = 'nothing of this transaction was kept; look at dponec status and run again';
  END IF;
END
$dponec$;
