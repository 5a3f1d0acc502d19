-- step record-staged (guard: answers 1 when the step is already done)
-- purpose: note in the state row that staging is proved
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: from here on the run can be finished without the source
-- params: fence, partitions, staging_rows
SELECT if(sum(rows) = (SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'evolve_ch18') AND (SELECT count() FROM system.tables WHERE database = 'dwh' AND name = {staging_rows:String}) > 0, '1', '0') FROM system.parts WHERE active AND database = 'dwh' AND table = {staging_rows:String}
