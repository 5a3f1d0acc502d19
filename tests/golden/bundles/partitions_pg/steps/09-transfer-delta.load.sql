-- step transfer-delta (load)
-- purpose: stream the source into staging (delta)
-- engine: postgres (target), transaction stage-delta
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "dwh"."orders__dponec_b7e3a46a_delta" ("id", "day") FROM STDIN (FORMAT binary);
