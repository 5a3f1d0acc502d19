-- step clear-rows
-- purpose: drop what an interrupted try of this run left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: staging is filled from empty or not at all
-- params: staging_rows
DROP TABLE IF EXISTS `dwh`.{staging_rows:Identifier}
