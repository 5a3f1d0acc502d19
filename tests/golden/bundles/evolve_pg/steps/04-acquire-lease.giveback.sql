-- step acquire-lease (giveback)
-- purpose: take the lease and a fencing token
-- engine: postgres (target)
-- idempotency: idempotent
-- why: two runs on one target would undo each other
-- params: run_id, lease_backend, lease_seconds
UPDATE "dwh"."dponec_state"
   SET lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL,
       updated_at = clock_timestamp()
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id');
