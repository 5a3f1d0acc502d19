-- step create-missing
-- purpose: create the empty table (missing)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-missing
-- why: to be filled
-- params: staging_missing
CREATE TABLE `dwh`.{staging_missing:Identifier} (`id` Int64) ENGINE = MergeTree ORDER BY tuple()
