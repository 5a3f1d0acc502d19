-- step check-window-owned
-- purpose: no other rows lie in the window
-- engine: clickhouse (target)
-- idempotency: pure
-- why: the proof of an append is the rows of its window, and it must be possible before anything moves
-- params: staging_rows, window_low, window_high
SELECT 'DP512' AS code, concat('the window of this append holds ', toString(held), ' rows in the target that are not its own') AS detail, held AS count FROM (SELECT toInt64(count()) - (toInt64((SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'append_ch')) - toInt64((SELECT count() FROM `dwh`.{staging_rows:Identifier}))) AS held FROM `dwh`.`events` WHERE (`id` >= toInt64OrZero({window_low:String}) AND `id` < toInt64OrZero({window_high:String}))) WHERE held != 0
