-- step reconcile
-- purpose: prove that the named partitions hold what was staged
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a replay must not end on a claim
-- params: partitions
SELECT 'DP510' AS code, concat('the target holds ', actual, ' where ', expected, ' was staged') AS detail, held AS count FROM (SELECT toString(count()) AS actual, toString((SELECT argMax(`rows_staged`, seq) FROM `made`.`dponec_state` WHERE load = 'create_ch')) AS expected, count() AS held FROM `made`.`ne\`w 'orders` WHERE (1 AND has(JSONExtract({partitions:String}, 'Array(String)'), concat(substring(toString(`day`), 1, 7), '-01')))) WHERE actual != expected
