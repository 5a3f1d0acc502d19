-- step drop-emptied-partitions (query)
-- purpose: drop affected partitions that the source has emptied
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: their old rows would stay for ever
-- params: partitions, staging_rows
SELECT DISTINCT _partition_id FROM `made`.`ne\`w 'orders` WHERE (1 AND has(JSONExtract({partitions:String}, 'Array(String)'), concat(substring(toString(`day`), 1, 7), '-01'))) AND _partition_id NOT IN (SELECT _partition_id FROM `made`.{staging_rows:Identifier}) AND throwIf((SELECT count() FROM `made`.{staging_rows:Identifier}) != (SELECT argMax(`rows_staged`, seq) FROM `made`.`dponec_state` WHERE load = 'create_ch'), 'DP510: staging does not hold the rows that were recorded') = 0 ORDER BY _partition_id
