-- step record-rewrite (guard: answers 1 when the step is already done)
-- purpose: note that the rewrite is complete
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: a resumed run then repeats the replacements from it, and never reads a half replaced target
-- params: fence, run_id
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'evolve_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
