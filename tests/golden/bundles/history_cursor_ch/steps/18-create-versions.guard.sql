-- step create-versions (guard: answers 1 when the step is already done)
-- purpose: create the empty table (versions)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-versions
-- why: to be filled
-- params: staging_versions
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'history_cursor_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
