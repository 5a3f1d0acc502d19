-- step find-missing (guard: answers 1 when the step is already done)
-- purpose: collect keys that the source lacks
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-missing
-- why: they are counted before they go
-- params: staging_missing, staging_rows
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'snapshot_hard_ch18') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
