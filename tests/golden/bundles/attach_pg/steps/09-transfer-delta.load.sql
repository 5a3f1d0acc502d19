-- step transfer-delta (load)
-- purpose: stream the source into staging (delta)
-- engine: postgres (target), transaction stage-delta
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "dwh"."orders_months__dponec_10542f54_delta" ("id", "day") FROM STDIN (FORMAT binary);
