-- step create-changes
-- purpose: create the empty staging table (changes)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-changes
-- why: rows are proved in staging before the target is touched
-- params: staging_changes
CREATE TABLE `dwh`.{staging_changes:Identifier} (`id` Nullable(Int64), `status` LowCardinality(Nullable(String)), `body` Nullable(String), `amount` Nullable(Decimal(18, 2)), `at` Nullable(DateTime64(6, 'UTC')), `__dponec_op` String, `__dponec_order` Int64, `__dponec_kept` String, `__dponec_unchanged` String, `__dponec_old_0` Nullable(Int64)) ENGINE = MergeTree ORDER BY tuple()
