-- step record-staged (guard: answers 1 when the step is already done)
-- purpose: note in the state row that staging is proved
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: from here on the run can be finished without the source
-- params: fence, partitions, staging_rows
SELECT if(count() = (SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'orders_pg_to_ch'), '1', '0') FROM `dwh`.{staging_rows:Identifier}
