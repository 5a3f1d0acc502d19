-- step record-staged (guard: answers 1 when the step is already done)
-- purpose: note in the state row that staging is proved
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: from here on the run can be finished without the source
-- params: fence, partitions, staging_rows
SELECT if(sum(rows) = (SELECT argMax(`rows_staged`, seq) FROM `d'w;h`.`dponec_state` WHERE load = 'nasty ch\'; DROP TABLE x; --') AND (SELECT count() FROM system.tables WHERE database = 'd\'w;h' AND name = {staging_rows:String}) > 0, '1', '0') FROM system.parts WHERE active AND database = 'd\'w;h' AND table = {staging_rows:String}
