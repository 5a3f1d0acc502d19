-- step drop-delta
-- purpose: drop staging (delta)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_delta
DROP TABLE IF EXISTS `made`.{staging_delta:Identifier}
