-- step record-staged (guard: answers 1 when the step is already done)
-- purpose: note in the state row that staging is proved
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: from here on the run can be finished without the source
-- params: fence, partitions, staging_rows
SELECT if(count() > 0, '1', '0') FROM system.tables WHERE toString(uuid) = (SELECT argMax(`staging_uuid`, seq) FROM `dwh`.`dponec_state` WHERE load = 'orders_full_pg_to_ch') AND ((database = 'dwh' AND name = {staging_rows:String}) OR (database = 'dwh' AND name = 'orders'))
