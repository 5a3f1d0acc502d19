-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "dwh"."orders__dponec_c0c8e52f_rows" ("id", "day", "at", "amount", "status") FROM STDIN (FORMAT binary);
