-- step check-partitions
-- purpose: refuse a list of partitions that is empty, too long, or names what is no partition
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a wrong value would replace nothing, or another partition than the one that was meant
-- params: partitions
SELECT 'DP506' AS code, 'no partition is named' AS detail, n AS count FROM (SELECT length(extractAll({partitions:String}, '"((?:[^"\\\\]|\\\\.)*)"')) AS n) WHERE n = 0
UNION ALL SELECT 'DP505' AS code, 'more partitions are named than max_partitions allows' AS detail, n AS count FROM (SELECT length(extractAll({partitions:String}, '"((?:[^"\\\\]|\\\\.)*)"')) AS n) WHERE n > 64
UNION ALL SELECT 'DP506' AS code, concat('\'', v, '\' is no partition: ', 'write the first day of the month, YYYY-MM-01') AS detail, toUInt64(1) AS count FROM (SELECT arrayJoin(extractAll({partitions:String}, '"((?:[^"\\\\]|\\\\.)*)"')) AS v) WHERE NOT ifNull(match(v, '^[0-9]{4}-(0[1-9]|1[0-2])-01$'), 0)
