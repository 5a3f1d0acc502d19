-- step take-lease
-- purpose: take the target's lease in the database of lock_connection
-- engine: postgres (lock)
-- idempotency: idempotent
-- why: the target has no locks; what its state row says must still hold when this run acts on it
-- params: lease_holder, lease_backend
INSERT INTO "public"."dponec_leases" AS s (target, fence, lease_owner, lease_until, lease_backend, lease_backend_start, updated_at)
SELECT 'clickhouse case_ch dwh.orders', 1, current_setting('dponec.lease_holder'), clock_timestamp() + '60 seconds'::interval, h.pid,
       (SELECT a.backend_start FROM pg_stat_activity AS a WHERE a.pid = h.pid), clock_timestamp()
  FROM (SELECT nullif(current_setting('dponec.lease_backend', true), '')::integer) AS h (pid)
ON CONFLICT (target) DO UPDATE
   SET fence = s.fence + 1, lease_owner = excluded.lease_owner, lease_until = excluded.lease_until,
       lease_backend = excluded.lease_backend, lease_backend_start = excluded.lease_backend_start,
       updated_at = excluded.updated_at
 WHERE s.lease_owner IS NULL
    OR s.lease_owner = excluded.lease_owner
    OR s.lease_until <= clock_timestamp()
    OR (s.lease_backend IS NOT NULL AND NOT EXISTS (
          SELECT FROM pg_stat_activity AS a
           WHERE a.pid = s.lease_backend
             AND (a.backend_start IS NULL OR a.backend_start = s.lease_backend_start)))
RETURNING s.fence::text AS lease_fence;
