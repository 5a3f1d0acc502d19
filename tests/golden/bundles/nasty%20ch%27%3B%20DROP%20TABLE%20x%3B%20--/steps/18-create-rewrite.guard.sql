-- step create-rewrite (guard: answers 1 when the step is already done)
-- purpose: create the rewrite table in the target's shape
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: its partitions will replace the target's
-- params: staging_rewrite
SELECT if((SELECT argMax(`rewritten`, seq) FROM `d'w;h`.`dponec_state` WHERE load = 'nasty ch\'; DROP TABLE x; --') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'd\'w;h' AND name = {staging_rewrite:String}
