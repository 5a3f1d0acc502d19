-- step create-delta
-- purpose: create the empty staging table (delta)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: rows are proved in staging before the target is touched
-- params: staging_delta
CREATE TABLE `made`.{staging_delta:Identifier} (`id` Int64, `day` Date32) ENGINE = MergeTree ORDER BY tuple()
