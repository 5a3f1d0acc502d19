-- step take-lease (giveback)
-- purpose: take the target's lease in the database of lock_connection
-- engine: postgres (lock)
-- idempotency: idempotent
-- why: the target has no locks; what its state row says must still hold when this run acts on it
-- params: lease_holder, lease_backend
UPDATE "public"."dponec_leases"
   SET lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL,
       updated_at = clock_timestamp()
 WHERE target = 'clickhouse case_ch dwh.orders' AND fence = current_setting('dponec.lease_fence')::bigint
   AND lease_owner = current_setting('dponec.lease_holder');
