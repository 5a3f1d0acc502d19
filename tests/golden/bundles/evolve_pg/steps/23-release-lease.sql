-- step release-lease
-- purpose: mark the run done and give the lease back
-- engine: postgres (target)
-- idempotency: idempotent
-- why: the next run need not wait
-- params: run_id, fence
UPDATE "dwh"."dponec_state"
   SET lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL,
       phase = CASE WHEN phase = 'committed' AND run_id = current_setting('dponec.run_id') THEN 'done' ELSE phase END,
       updated_at = clock_timestamp()
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id');
