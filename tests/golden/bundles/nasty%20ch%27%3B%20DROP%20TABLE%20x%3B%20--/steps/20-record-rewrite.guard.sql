-- step record-rewrite (guard: answers 1 when the step is already done)
-- purpose: note that the rewrite is complete
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: a resumed run then repeats the replacements from it, and never reads a half replaced target
-- params: fence, run_id
SELECT if((SELECT argMax(`rewritten`, seq) FROM `d'w;h`.`dponec_state` WHERE load = 'nasty ch\'; DROP TABLE x; --') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'd\'w;h' AND name = {staging_rewrite:String}
