-- step transfer-left (load)
-- purpose: stream the source into staging (left)
-- engine: postgres (target), transaction stage-left
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "staging"."orders__dponec_3eba98b9_left" ("id", "day") FROM STDIN (FORMAT binary);
