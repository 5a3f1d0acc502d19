-- step check-partition-values
-- purpose: every staged row lies in an affected partition
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a row outside would be lost or doubled
-- params: staging_rows, partitions
SELECT 'DP505' AS code, 'staged rows lie in more partitions than max_partitions' AS detail, found AS count FROM (SELECT uniqExactIf(concat(substring(toString(`day`), 1, 7), '-01'), 1) + max(0) AS found FROM `dwh`.{staging_rows:Identifier}) WHERE found > 64
UNION ALL SELECT 'DP506' AS code, 'staged rows that lie outside of the partitions of this run' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.{staging_rows:Identifier} WHERE 1 AND NOT (1 AND has(JSONExtract({partitions:String}, 'Array(String)'), concat(substring(toString(`day`), 1, 7), '-01')))) WHERE found > 0
