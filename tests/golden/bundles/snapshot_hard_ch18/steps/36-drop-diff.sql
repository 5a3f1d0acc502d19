-- step drop-diff
-- purpose: drop staging (diff)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_diff
DROP TABLE IF EXISTS `dwh`.{staging_diff:Identifier}
