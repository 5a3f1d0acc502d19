-- step build-versions (guard: answers 1 when the step is already done)
-- purpose: build the new history of every key that changes
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-versions
-- why: a late row is put where it belongs, and a row that is like the one before it makes no version
-- params: staging_versions, staging_rows
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'history_cursor_ch') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
