-- step drop-stale-partitions (query)
-- purpose: drop partitions that the source no longer has
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: they would be stale rows
-- params: staging_rows
SELECT DISTINCT _partition_id FROM `dwh`.`orders` WHERE 1 AND _partition_id NOT IN (SELECT _partition_id FROM `dwh`.{staging_rows:Identifier}) AND toUInt8(if((SELECT count() FROM `dwh`.{staging_rows:Identifier}) != (SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'full_ch18'), 'DP510: staging does not hold the rows that were recorded', '0')) = 0 ORDER BY _partition_id
