-- step check-duplicate-keys
-- purpose: no key is staged twice
-- engine: clickhouse (target)
-- idempotency: pure
-- why: which of two rows wins would be chance
-- params: staging_rows
SELECT 'DP504' AS code, 'keys that occur more than once' AS detail, found AS count FROM (SELECT count() AS found FROM (SELECT 1 FROM `dwh`.{staging_rows:Identifier} GROUP BY `id`, `day` HAVING count() > 1)) WHERE found > 0
