-- step transfer-delta (load)
-- purpose: stream the source into staging (delta)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_delta
INSERT INTO `made`.{staging_delta:Identifier} (`id`, `day`) SETTINGS async_insert = 0, insert_deduplicate = 0, input_format_null_as_default = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0, date_time_input_format = 'best_effort', session_timezone = 'UTC', input_format_tsv_empty_as_default = 0, input_format_tsv_detect_header = 0, input_format_skip_unknown_fields = 0, input_format_allow_errors_num = 0, input_format_allow_errors_ratio = 0 FORMAT TabSeparated
