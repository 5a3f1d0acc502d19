-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: rows are proved in staging before the target is touched
-- params: staging_rows
CREATE TABLE `dwh`.{staging_rows:Identifier} (`id` Int64, `day` Date32, `at` DateTime64(6, 'UTC'), `amount` Nullable(Decimal(18, 2)), `status` String) ENGINE = MergeTree ORDER BY tuple()
