-- step drop-rows
-- purpose: drop staging (rows)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_rows
DROP TABLE IF EXISTS `made`.{staging_rows:Identifier}
