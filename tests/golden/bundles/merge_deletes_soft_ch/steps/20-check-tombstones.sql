-- step check-tombstones
-- purpose: no key is staged as deleted and as living
-- engine: clickhouse (target)
-- idempotency: pure
-- why: which of the two came last, nobody could say
-- params: staging_rows, staging_left
SELECT 'DP504' AS code, 'keys are staged as deleted and as living' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.{staging_rows:Identifier} WHERE `id` IN (SELECT `id` FROM `dwh`.{staging_left:Identifier})) WHERE found > 0
