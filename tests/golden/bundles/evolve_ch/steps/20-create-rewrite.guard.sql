-- step create-rewrite (guard: answers 1 when the step is already done)
-- purpose: create the rewrite table in the target's shape
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: its partitions will replace the target's
-- params: staging_rewrite
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'evolve_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
