-- step acquire-lease
-- purpose: take the lease and a fencing token
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: two runs on one target would undo each other
SELECT toString(s_fence + 1) AS fence FROM (SELECT count() AS s_rows, max(seq) AS s_seq, argMax(`fence`, seq) AS `s_fence`, argMax(`lease_owner`, seq) AS `s_lease_owner`, argMax(`lease_until`, seq) AS `s_lease_until`, argMax(`lease_backend`, seq) AS `s_lease_backend`, argMax(`lease_backend_start`, seq) AS `s_lease_backend_start`, argMax(`attempt`, seq) AS `s_attempt`, argMax(`run_id`, seq) AS `s_run_id`, argMax(`phase`, seq) AS `s_phase`, argMax(`fingerprint`, seq) AS `s_fingerprint`, argMax(`window_low`, seq) AS `s_window_low`, argMax(`window_high`, seq) AS `s_window_high`, argMax(`partitions`, seq) AS `s_partitions`, argMax(`rows_staged`, seq) AS `s_rows_staged`, argMax(`digest`, seq) AS `s_digest`, argMax(`watermark`, seq) AS `s_watermark`, argMax(`committed_run_id`, seq) AS `s_committed_run_id`, argMax(`rows_applied`, seq) AS `s_rows_applied`, argMax(`adopted`, seq) AS `s_adopted`, argMax(`staging_uuid`, seq) AS `s_staging_uuid` FROM `dwh`.`dponec_state` WHERE load = 'orders_months_pg_to_ch')
