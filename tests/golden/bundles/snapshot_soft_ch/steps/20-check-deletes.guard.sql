-- step check-deletes (guard: answers 1 when the step is already done)
-- purpose: stop when too many keys are missing
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a broken extract looks like a mass deletion
-- params: staging_missing
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'snapshot_soft_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
