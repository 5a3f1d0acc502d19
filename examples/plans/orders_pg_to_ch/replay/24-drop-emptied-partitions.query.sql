-- step drop-emptied-partitions (query)
-- purpose: drop partitions whose rows all moved or left
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: an empty replacement would be refused or ignored by some versions
-- params: partitions, staging_rows, staging_rewrite
SELECT DISTINCT _partition_id FROM `dwh`.`orders` WHERE ((1 AND has(JSONExtract({partitions:String}, 'Array(String)'), concat(substring(toString(`business_date`), 1, 7), '-01'))) OR `order_id` IN (SELECT `order_id` FROM `dwh`.{staging_rows:Identifier})) AND _partition_id NOT IN (SELECT _partition_id FROM `dwh`.{staging_rewrite:Identifier}) AND throwIf((SELECT count() FROM `dwh`.{staging_rewrite:Identifier}) < (SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'orders_pg_to_ch'), 'DP510: staging does not hold the rows that were recorded') = 0 ORDER BY _partition_id
