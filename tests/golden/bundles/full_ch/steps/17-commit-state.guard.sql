-- step commit-state (guard: answers 1 when the step is already done)
-- purpose: mark the run committed
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: state and data agree, or neither moved
-- params: fence, run_id
SELECT if(s_run_id = {run_id:String} AND s_phase IN ('committed', 'done'), '1', '0') FROM (SELECT count() AS s_rows, max(seq) AS s_seq, argMax(`fence`, seq) AS `s_fence`, argMax(`lease_owner`, seq) AS `s_lease_owner`, argMax(`lease_until`, seq) AS `s_lease_until`, argMax(`lease_backend`, seq) AS `s_lease_backend`, argMax(`lease_backend_start`, seq) AS `s_lease_backend_start`, argMax(`attempt`, seq) AS `s_attempt`, argMax(`run_id`, seq) AS `s_run_id`, argMax(`phase`, seq) AS `s_phase`, argMax(`fingerprint`, seq) AS `s_fingerprint`, argMax(`window_low`, seq) AS `s_window_low`, argMax(`window_high`, seq) AS `s_window_high`, argMax(`partitions`, seq) AS `s_partitions`, argMax(`rows_staged`, seq) AS `s_rows_staged`, argMax(`digest`, seq) AS `s_digest`, argMax(`watermark`, seq) AS `s_watermark`, argMax(`committed_run_id`, seq) AS `s_committed_run_id`, argMax(`rows_applied`, seq) AS `s_rows_applied`, argMax(`adopted`, seq) AS `s_adopted`, argMax(`staging_uuid`, seq) AS `s_staging_uuid`, argMax(`target`, seq) AS `s_target`, argMax(`source`, seq) AS `s_source`, argMax(`rewritten`, seq) AS `s_rewritten` FROM `dwh`.`dponec_state` WHERE load = 'full_ch')
