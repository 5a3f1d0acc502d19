-- step transfer-delta (load)
-- purpose: stream the source into staging (delta)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_delta
INSERT INTO `made`.{staging_delta:Identifier} (`id`, `day`) FORMAT TabSeparated
