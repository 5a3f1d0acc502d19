-- step create-left
-- purpose: create the empty staging table (left)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-left
-- why: rows are proved in staging before the target is touched
-- params: staging_left
CREATE TABLE `dwh`.{staging_left:Identifier} (`id` Int64) ENGINE = MergeTree ORDER BY tuple()
