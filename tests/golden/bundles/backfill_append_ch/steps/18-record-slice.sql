-- step record-slice
-- purpose: record the slice as loaded
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: the same backfill never loads it again
-- params: window_low, window_high, run_id, fence
INSERT INTO `dwh`.`dponec_slices` (load, backfill, window_low, window_high, run_id, recorded_at) SETTINGS async_insert = 0, insert_deduplicate = 0
SELECT 'backfill_append_ch' AS n_load, 'incremental_append by at: "shop"."events" into "dwh"."events"' AS n_backfill, {window_low:String} AS n_low, {window_high:String} AS n_high, {run_id:String} AS n_run, now() AS n_at
FROM (SELECT count() AS s_rows, max(seq) AS s_seq, argMax(`fence`, seq) AS `s_fence`, argMax(`lease_owner`, seq) AS `s_lease_owner`, argMax(`lease_until`, seq) AS `s_lease_until`, argMax(`lease_backend`, seq) AS `s_lease_backend`, argMax(`lease_backend_start`, seq) AS `s_lease_backend_start`, argMax(`attempt`, seq) AS `s_attempt`, argMax(`run_id`, seq) AS `s_run_id`, argMax(`phase`, seq) AS `s_phase`, argMax(`fingerprint`, seq) AS `s_fingerprint`, argMax(`window_low`, seq) AS `s_window_low`, argMax(`window_high`, seq) AS `s_window_high`, argMax(`partitions`, seq) AS `s_partitions`, argMax(`rows_staged`, seq) AS `s_rows_staged`, argMax(`digest`, seq) AS `s_digest`, argMax(`watermark`, seq) AS `s_watermark`, argMax(`committed_run_id`, seq) AS `s_committed_run_id`, argMax(`rows_applied`, seq) AS `s_rows_applied`, argMax(`adopted`, seq) AS `s_adopted`, argMax(`staging_uuid`, seq) AS `s_staging_uuid`, argMax(`target`, seq) AS `s_target`, argMax(`source`, seq) AS `s_source`, argMax(`rewritten`, seq) AS `s_rewritten` FROM `dwh`.`dponec_state` WHERE load = 'backfill_append_ch')
WHERE throwIf(s_fence > toUInt64({fence:String}), 'DP410: another run has taken this load; its fencing token is higher') = 0 AND throwIf(s_run_id != {run_id:String} OR s_phase NOT IN ('staged', 'committed'), 'DP511: the state row is not the staged attempt of this run') = 0
