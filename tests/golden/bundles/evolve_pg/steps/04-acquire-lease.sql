-- step acquire-lease
-- purpose: take the lease and a fencing token
-- engine: postgres (target)
-- idempotency: idempotent
-- why: two runs on one target would undo each other
-- params: run_id, lease_backend, lease_seconds
INSERT INTO "dwh"."dponec_state" AS s (load, fence, lease_owner, lease_until, lease_backend, lease_backend_start, updated_at)
SELECT 'evolve_pg', 1, current_setting('dponec.run_id'), clock_timestamp() + '60 seconds'::interval, h.pid,
       (SELECT a.backend_start FROM pg_stat_activity AS a WHERE a.pid = h.pid), clock_timestamp()
  FROM (SELECT nullif(current_setting('dponec.lease_backend', true), '')::integer) AS h (pid)
ON CONFLICT (load) DO UPDATE
   SET fence = s.fence + 1, lease_owner = excluded.lease_owner, lease_until = excluded.lease_until,
       lease_backend = excluded.lease_backend, lease_backend_start = excluded.lease_backend_start,
       updated_at = excluded.updated_at
 WHERE s.lease_owner IS NULL
    OR (s.lease_owner = excluded.lease_owner AND coalesce(nullif(current_setting('dponec.lease_seconds', true), '')::bigint, 1) > 0)
    OR s.lease_until <= clock_timestamp()
    OR (s.lease_backend IS NOT NULL AND NOT EXISTS (
          SELECT FROM pg_stat_activity AS a
           WHERE a.pid = s.lease_backend
             AND (a.backend_start IS NULL OR a.backend_start = s.lease_backend_start)))
RETURNING s.fence::text AS fence;
