-- step clear-missing
-- purpose: drop what an interrupted try left
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: it is filled from empty or not at all
-- params: staging_missing
DROP TABLE IF EXISTS `dwh`.{staging_missing:Identifier}
