-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: staging_rows
INSERT INTO `dwh`.{staging_rows:Identifier} (`id`, `day`, `at`, `amount`, `status`) SETTINGS async_insert = 0, insert_deduplicate = 0, input_format_null_as_default = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0, date_time_input_format = 'best_effort', session_timezone = 'UTC', input_format_tsv_empty_as_default = 0, input_format_tsv_detect_header = 0, input_format_skip_unknown_fields = 0, input_format_allow_errors_num = 0, input_format_allow_errors_ratio = 0 FORMAT TabSeparated
