-- step build-rewrite
-- purpose: build the new content of every affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: target rows that stay (NULL keys too), and the staged rows
-- params: staging_rewrite, staging_rows, partitions
INSERT INTO `dwh`.{staging_rewrite:Identifier} (`order_id`, `customer`, `status`, `amount`, `big`, `ratio`, `business_date`, `created_at`, `updated_at`, `note`, `payload`, `is_gift`, `uid`) SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0, insert_null_as_default = 0
SELECT `order_id`, `customer`, `status`, `amount`, `big`, `ratio`, `business_date`, `created_at`, `updated_at`, `note`, `payload`, `is_gift`, `uid` FROM `dwh`.`orders` WHERE _partition_id IN (SELECT _partition_id FROM `dwh`.{staging_rows:Identifier} UNION ALL SELECT _partition_id FROM `dwh`.`orders` WHERE ((1 AND has(JSONExtract({partitions:String}, 'Array(String)'), concat(substring(toString(`business_date`), 1, 7), '-01'))) OR `order_id` IN (SELECT `order_id` FROM `dwh`.{staging_rows:Identifier}))) AND NOT (1 AND has(JSONExtract({partitions:String}, 'Array(String)'), concat(substring(toString(`business_date`), 1, 7), '-01'))) AND (`order_id` NOT IN (SELECT `order_id` FROM `dwh`.{staging_rows:Identifier}))
UNION ALL SELECT `order_id`, `customer`, `status`, `amount`, `big`, `ratio`, `business_date`, `created_at`, `updated_at`, `note`, `payload`, `is_gift`, `uid` FROM `dwh`.{staging_rows:Identifier}
