-- step drop-emptied-partitions (query)
-- purpose: drop partitions whose rows all moved or left
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: an empty replacement would be refused or ignored by some versions
-- params: staging_rows, staging_rewrite
SELECT DISTINCT _partition_id FROM `dwh`.`orders` WHERE (`id`, `day`) IN (SELECT `id`, `day` FROM `dwh`.{staging_rows:Identifier}) AND _partition_id NOT IN (SELECT _partition_id FROM `dwh`.{staging_rewrite:Identifier}) AND toUInt8(if((SELECT count() FROM `dwh`.{staging_rewrite:Identifier}) < (SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'evolve_ch18'), 'DP510: staging does not hold the rows that were recorded', '0')) = 0 ORDER BY _partition_id
