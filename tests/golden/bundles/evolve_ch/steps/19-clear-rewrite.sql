-- step clear-rewrite
-- purpose: drop what an interrupted try left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: the rewrite starts from empty
-- params: staging_rewrite
DROP TABLE IF EXISTS `dwh`.{staging_rewrite:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
