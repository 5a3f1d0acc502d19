-- step find-missing
-- purpose: collect keys that the source lacks
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-missing
-- why: they are counted before they go
-- params: staging_missing, staging_rows
INSERT INTO `dwh`.{staging_missing:Identifier} (`id`) SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0, insert_null_as_default = 0
SELECT `id` FROM `dwh`.`orders_marked` WHERE `id` NOT IN (SELECT `id` FROM `dwh`.{staging_rows:Identifier}) AND (SELECT count() FROM `dwh`.{staging_rows:Identifier}) > 0 AND isNull(`deleted_at`)
