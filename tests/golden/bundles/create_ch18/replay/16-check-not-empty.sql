-- step check-not-empty
-- purpose: an empty extract stops the run
-- engine: clickhouse (target)
-- idempotency: pure
-- why: an empty source is more often a mistake than a fact (empty_slice: fail)
-- params: staging_rows
SELECT 'DP502' AS code, 'nothing was staged' AS detail, staged AS count FROM (SELECT count() AS staged FROM `made`.{staging_rows:Identifier}) WHERE staged = 0
