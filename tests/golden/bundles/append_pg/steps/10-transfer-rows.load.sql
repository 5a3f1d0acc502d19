-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "dwh"."events__dponec_f6f88e7d_rows" ("id", "kind", "at") FROM STDIN (FORMAT binary);
