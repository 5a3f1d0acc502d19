-- step prove-missing
-- purpose: prove that no key is left that the source lacks
-- engine: clickhouse (target)
-- idempotency: pure
-- why: what was missed would stay for ever
-- params: staging_rows
SELECT 'DP510' AS code, 'rows of the target have a key that the source lacks' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.`orders` WHERE `id` NOT IN (SELECT `id` FROM `dwh`.{staging_rows:Identifier})) WHERE found > 0
