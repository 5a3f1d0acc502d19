-- step check-deletes
-- purpose: stop when too many keys are missing
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a broken extract looks like a mass deletion
-- params: staging_missing
SELECT 'DP507' AS code, concat(toString(dponec_gone), ' of ', toString(dponec_living), ' rows of the target would go, which is more than the plan allows') AS detail, dponec_gone AS count FROM (SELECT (SELECT count() FROM `dwh`.{staging_missing:Identifier}) AS dponec_gone, count() AS dponec_living FROM `dwh`.`orders_marked` WHERE isNull(`deleted_at`)) WHERE dponec_gone > 0.500000 * dponec_living
