-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "staging"."orders__dponec_3eba98b9_rows" ("id", "day", "at", "amount", "status") FROM STDIN (FORMAT binary);
