-- step take-lease (heartbeat)
-- purpose: take the target's lease in the database of lock_connection
-- engine: postgres (lock)
-- idempotency: idempotent
-- why: the target has no locks; what its state row says must still hold when this run acts on it
-- params: lease_holder, lease_backend
UPDATE "public"."dponec_leases" AS s SET lease_until = clock_timestamp() + '60 seconds'::interval
  FROM (SELECT target FROM "public"."dponec_leases"
 WHERE target = 'clickhouse case_ch dwh.orders' AND fence = current_setting('dponec.lease_fence')::bigint
   AND lease_owner = current_setting('dponec.lease_holder')
           FOR UPDATE SKIP LOCKED) AS free (target)
 WHERE s.target = free.target;
