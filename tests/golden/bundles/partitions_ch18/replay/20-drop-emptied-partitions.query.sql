-- step drop-emptied-partitions (query)
-- purpose: drop named partitions that the source has emptied
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: their old rows would stay for ever
-- params: partitions, staging_rows
SELECT DISTINCT _partition_id FROM `dwh`.`orders` WHERE (1 AND position({partitions:String}, concat('"', replaceAll(replaceAll(concat(substring(toString(`day`), 1, 7), '-01'), '\\', '\\\\'), '"', '\\"'), '"')) > 0) AND _partition_id NOT IN (SELECT _partition_id FROM `dwh`.{staging_rows:Identifier}) AND toUInt8(if((SELECT count() FROM `dwh`.{staging_rows:Identifier}) != (SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'partitions_ch18'), 'DP510: staging does not hold the rows that were recorded', '0')) = 0 ORDER BY _partition_id
