-- step clear-rewrite (guard: answers 1 when the step is already done)
-- purpose: drop what an interrupted try left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: the rewrite starts from empty
-- params: staging_rewrite
SELECT if((SELECT argMax(`rewritten`, seq) FROM `d'w;h`.`dponec_state` WHERE load = 'nasty ch\'; DROP TABLE x; --') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'd\'w;h' AND name = {staging_rewrite:String}
