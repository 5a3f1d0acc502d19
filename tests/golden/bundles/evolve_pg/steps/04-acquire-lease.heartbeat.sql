-- step acquire-lease (heartbeat)
-- purpose: take the lease and a fencing token
-- engine: postgres (target)
-- idempotency: idempotent
-- why: two runs on one target would undo each other
-- params: run_id, lease_backend, lease_seconds
UPDATE "dwh"."dponec_state" AS s SET lease_until = clock_timestamp() + '60 seconds'::interval
  FROM (SELECT load FROM "dwh"."dponec_state"
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
           FOR UPDATE SKIP LOCKED) AS free (load)
 WHERE s.load = free.load;
