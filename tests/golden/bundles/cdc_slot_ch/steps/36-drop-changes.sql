-- step drop-changes
-- purpose: drop staging (changes)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_changes
DROP TABLE IF EXISTS `dwh`.{staging_changes:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
