-- step drop-left
-- purpose: drop staging (left)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_left
DROP TABLE IF EXISTS `dwh`.{staging_left:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
