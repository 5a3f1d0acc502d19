-- step drop-missing
-- purpose: drop staging (missing)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_missing
DROP TABLE IF EXISTS `dwh`.{staging_missing:Identifier}
