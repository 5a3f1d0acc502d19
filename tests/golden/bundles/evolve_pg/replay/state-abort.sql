-- dponec state abort: load evolve_pg
UPDATE "dwh"."dponec_state" AS s
   SET phase = CASE WHEN s.committed_run_id IS NULL THEN 'idle' ELSE 'done' END, fence = s.fence + 1,
       lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL, updated_at = clock_timestamp()
 WHERE s.load = 'evolve_pg' AND s.run_id = current_setting('dponec.run_id') AND s.phase IN ('open', 'staged')
   AND (s.lease_owner IS NULL OR s.lease_until <= clock_timestamp() OR (s.lease_backend IS NOT NULL AND NOT EXISTS (
         SELECT FROM pg_stat_activity AS a
          WHERE a.pid = s.lease_backend AND (a.backend_start IS NULL OR a.backend_start = s.lease_backend_start))))
RETURNING s.phase;
