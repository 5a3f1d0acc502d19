-- step check-window-owned
-- purpose: no other rows lie in the window
-- engine: clickhouse (target)
-- idempotency: pure
-- why: the proof of an append is the rows of its window, and it must be possible before anything moves
-- params: staging_rows, window_low, window_high
SELECT 'DP512' AS code, concat('the window of this append holds ', toString(held), ' rows in the target that are not its own') AS detail, held AS count FROM (SELECT toInt64(count()) - (toInt64((SELECT argMax(`rows_staged`, seq) FROM `dwh`.`dponec_state` WHERE load = 'backfill_append_ch')) - toInt64((SELECT count() FROM `dwh`.{staging_rows:Identifier}))) AS held FROM `dwh`.`events` WHERE (`at` >= ifNull(parseDateTime64BestEffortOrNull({window_low:String}, 6, 'UTC'), toDateTime64('1900-01-01 00:00:00', 6, 'UTC')) AND `at` < parseDateTime64BestEffortOrNull({window_high:String}, 6, 'UTC'))) WHERE held != 0
