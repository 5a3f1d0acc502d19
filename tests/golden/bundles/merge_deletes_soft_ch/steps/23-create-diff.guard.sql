-- step create-diff (guard: answers 1 when the step is already done)
-- purpose: create the empty table (diff)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-diff
-- why: to be filled
-- params: staging_diff
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'merge_deletes_soft_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
