-- step drop-versions
-- purpose: drop staging (versions)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_versions
DROP TABLE IF EXISTS `dwh`.{staging_versions:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
