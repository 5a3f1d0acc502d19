-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, staging_rows
SELECT 'DP501' AS code, concat('staging holds ', actual, ', the source sent ', expected) AS detail, staged AS count FROM (SELECT toString(count()) AS actual, {source_rows:String} AS expected, count() AS staged FROM `dwh`.{staging_rows:Identifier}) WHERE actual != expected
