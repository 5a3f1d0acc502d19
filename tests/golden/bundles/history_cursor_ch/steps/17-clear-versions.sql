-- step clear-versions
-- purpose: drop what an interrupted try left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: it is filled from empty or not at all
-- params: staging_versions
DROP TABLE IF EXISTS `dwh`.{staging_versions:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
