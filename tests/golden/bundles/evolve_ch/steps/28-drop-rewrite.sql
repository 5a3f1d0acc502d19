-- step drop-rewrite
-- purpose: drop staging (rewrite)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_rewrite
DROP TABLE IF EXISTS `dwh`.{staging_rewrite:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
