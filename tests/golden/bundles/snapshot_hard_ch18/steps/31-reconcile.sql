-- step reconcile
-- purpose: prove that every staged key is in the target once, with the staged values
-- engine: clickhouse (target)
-- idempotency: pure
-- why: the state must not move on a claim
-- params: staging_rows, staging_rewrite
SELECT 'DP510' AS code, concat('the target holds ', actual, ' where ', expected, ' was staged') AS detail, held AS count FROM (SELECT toString(count()) AS actual, toString((SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'snapshot_hard_ch18')) AS expected, count() AS held FROM `dwh`.`orders` WHERE `id` IN (SELECT `id` FROM `dwh`.{staging_rows:Identifier})) WHERE actual != expected
UNION ALL SELECT 'DP510' AS code, concat('partition ', id, ' does not hold its rewritten rows') AS detail, toUInt64(abs(difference)) AS count FROM (SELECT id, sum(n) AS difference FROM (SELECT toString(_partition_id) AS id, toInt64(count()) AS n FROM `dwh`.{staging_rewrite:Identifier} GROUP BY id UNION ALL SELECT toString(_partition_id) AS id, -toInt64(count()) AS n FROM `dwh`.`orders` WHERE _partition_id IN (SELECT _partition_id FROM `dwh`.{staging_rewrite:Identifier}) GROUP BY id) GROUP BY id) WHERE difference != 0
