-- step record-staged (guard: answers 1 when the step is already done)
-- purpose: note in the state row that staging is proved
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: from here on the run can be finished without the source
-- params: fence, partitions, staging_rows
SELECT if(count() = (SELECT argMax(`rows_staged`, seq) FROM `d'w;h`.`dponec_state` WHERE load = 'nasty ch\'; DROP TABLE x; --'), '1', '0') FROM `d'w;h`.{staging_rows:Identifier}
