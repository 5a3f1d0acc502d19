-- step read-state
-- purpose: read watermark, unfinished attempt and lease
-- engine: postgres (target)
-- idempotency: pure
-- why: the target is the only journal that survives every crash
SELECT coalesce(s.phase, 'idle') AS phase,
       coalesce(s.run_id, '') AS attempt_run_id,
       coalesce(s.fingerprint, '') AS attempt_fingerprint,
       coalesce(s.window_low, '') AS attempt_low,
       coalesce(s.window_high, '') AS attempt_high,
       coalesce(s.partitions, '') AS attempt_partitions,
       coalesce(s.rows_staged, 0)::text AS rows_staged,
       coalesce(s.digest, '') AS digest,
       coalesce(s.watermark, '') AS watermark,
       coalesce(s.fence, 0)::text AS fence,
       coalesce(s.lease_owner, '') AS lease_owner,
       coalesce(ceil(extract(epoch FROM s.lease_until - clock_timestamp()))::bigint, 0)::text AS lease_seconds,
       CASE WHEN s.lease_backend IS NULL THEN ''
            WHEN a.pid IS NULL THEN '0'
            WHEN a.backend_start IS NULL THEN ''
            WHEN a.backend_start = s.lease_backend_start THEN '1'
            ELSE '0' END AS lease_alive,
       CASE WHEN EXISTS (SELECT FROM "dwh"."order_history") THEN '0' ELSE '1' END AS target_empty,
       CASE WHEN s.adopted THEN '1' ELSE '0' END AS adopted,
       CASE WHEN s.target <> '"dwh"."order_history"' THEN '1' ELSE '0' END AS elsewhere
  FROM (VALUES ('history_run_pg')) AS one (load)
  LEFT JOIN "dwh"."dponec_state" AS s ON s.load = one.load
  LEFT JOIN pg_stat_activity AS a ON a.pid = s.lease_backend;
