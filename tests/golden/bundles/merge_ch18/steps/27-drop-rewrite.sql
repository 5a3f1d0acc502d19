-- step drop-rewrite
-- purpose: drop staging (rewrite)
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: nothing is left behind
-- params: staging_rewrite
DROP TABLE IF EXISTS `dwh`.{staging_rewrite:Identifier}
