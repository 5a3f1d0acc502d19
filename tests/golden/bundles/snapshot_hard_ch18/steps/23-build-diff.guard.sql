-- step build-diff (guard: answers 1 when the step is already done)
-- purpose: collect the rows to write
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-diff
-- why: equal rows are left where they are
-- params: staging_diff, staging_rows
SELECT if((SELECT argMax(`rewritten`, seq) FROM `dwh`.`dponec_state` WHERE load = 'snapshot_hard_ch18') = {run_id:String} AND count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = {staging_rewrite:String}
