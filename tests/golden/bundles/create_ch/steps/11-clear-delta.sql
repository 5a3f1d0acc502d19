-- step clear-delta
-- purpose: drop what an interrupted try of this run left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: staging is filled from empty or not at all
-- params: staging_delta
DROP TABLE IF EXISTS `made`.{staging_delta:Identifier} SYNC SETTINGS max_table_size_to_drop = 0
