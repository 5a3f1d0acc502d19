-- step build-diff (guard: answers 1 when the step is already done)
-- purpose: collect the rows to write, and copies of those to mark
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-diff
-- why: deletes: soft; the row stays, and readers see that it is gone
-- params: staging_diff, staging_rows, window_high, staging_left
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'merge_deletes_soft_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
