-- step drop-old-staging (body)
-- purpose: drop staging of older attempts
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: a zombie of an older attempt must fail instead of moving its rows
-- params: run_id
DROP TABLE IF EXISTS `dwh`.{item:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
