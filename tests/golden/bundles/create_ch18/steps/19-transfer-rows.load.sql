-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, staging_rows
INSERT INTO `made`.{staging_rows:Identifier} (`id`, `day`, `at`, `amount`, `status`) FORMAT TabSeparated
