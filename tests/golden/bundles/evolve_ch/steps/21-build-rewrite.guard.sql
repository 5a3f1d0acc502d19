-- step build-rewrite (guard: answers 1 when the step is already done)
-- purpose: build the new content of every affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: target rows that stay (NULL keys too), and the staged rows
-- params: staging_rewrite, staging_rows
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'evolve_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
