-- step reconcile
-- purpose: prove that the affected partitions hold what was staged
-- engine: clickhouse (target)
-- idempotency: pure
-- why: the watermark must not move on a claim
-- params: partitions
SELECT 'DP510' AS code, concat('the target holds ', actual, ' where ', expected, ' was staged') AS detail, held AS count FROM (SELECT toString(count()) AS actual, toString((SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'partitions_ch18')) AS expected, count() AS held FROM `dwh`.`orders` WHERE (1 AND position({partitions:String}, concat('"', replaceAll(replaceAll(concat(substring(toString(`day`), 1, 7), '-01'), '\\', '\\\\'), '"', '\\"'), '"')) > 0)) WHERE actual != expected
