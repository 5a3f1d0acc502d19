-- step clear-missing (guard: answers 1 when the step is already done)
-- purpose: drop what an interrupted try left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: it is filled from empty or not at all
-- params: staging_missing
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'snapshot_hard_ch18') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
