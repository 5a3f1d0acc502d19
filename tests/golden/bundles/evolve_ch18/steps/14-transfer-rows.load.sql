-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_rows
INSERT INTO `dwh`.{staging_rows:Identifier} (`id`, `day`, `at`, `amount`, `status`, `st'at;us $(id) \`x\` "y" ]z`, `a$dponec$\\ %s`) FORMAT TabSeparated
