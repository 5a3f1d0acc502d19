-- step transfer-delta (load)
-- purpose: stream the source into staging (delta)
-- engine: postgres (target), transaction stage-delta
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "staging"."orders__dponec_655da1bd_delta" ("order_id", "business_date") FROM STDIN (FORMAT binary);
