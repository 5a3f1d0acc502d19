-- dponec state show: load merge_update_pg
SELECT s.load, s.phase, s.watermark, s.fence::text AS fence, s.attempt::text AS attempt, s.run_id, s.committed_run_id, s.window_low,
       s.window_high, s.partitions, s.rows_staged::text AS rows_staged, s.rows_applied::text AS rows_applied, s.digest,
       s.fingerprint, s.target, s.source,
       s.adopted::text AS adopted, s.lease_owner, s.lease_until::text AS lease_until, s.updated_at::text AS updated_at
  FROM "dwh"."dponec_state" AS s WHERE s.load = 'merge_update_pg';
