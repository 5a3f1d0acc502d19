-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "staging"."orders__dponec_49ace458_rows" ("order_id", "customer", "status", "amount", "big", "ratio", "business_date", "created_at", "updated_at", "note", "payload", "is_gift", "uid") FROM STDIN (FORMAT binary);
