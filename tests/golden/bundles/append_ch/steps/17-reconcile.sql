-- step reconcile
-- purpose: prove that the rows of the window arrived
-- engine: clickhouse (target)
-- idempotency: pure
-- why: the watermark must not move on a claim
-- params: window_low, window_high
SELECT 'DP510' AS code, concat('the target holds ', actual, ' where ', expected, ' was staged') AS detail, held AS count FROM (SELECT toString(count()) AS actual, toString((SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'append_ch')) AS expected, count() AS held FROM `dwh`.`events` WHERE (`id` >= toInt64OrZero({window_low:String}) AND `id` < toInt64OrZero({window_high:String}))) WHERE actual != expected
