-- step prove-deleted
-- purpose: prove that no row is left whose key the source has deleted
-- engine: clickhouse (target)
-- idempotency: pure
-- why: what was missed would stay for ever
-- params: staging_left, staging_rows
SELECT 'DP510' AS code, 'rows that the source has deleted are not marked' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.`orders_marked` WHERE `id` IN (SELECT `id` FROM `dwh`.{staging_left:Identifier}) AND isNull(`deleted_at`)) WHERE found > 0
UNION ALL SELECT 'DP510' AS code, 'rows of the target are marked, and the source has their key' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.`orders_marked` WHERE `id` IN (SELECT `id` FROM `dwh`.{staging_rows:Identifier}) AND NOT (isNull(`deleted_at`))) WHERE found > 0
