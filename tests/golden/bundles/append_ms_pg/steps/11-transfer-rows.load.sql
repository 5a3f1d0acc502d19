-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "dwh"."events__dponec_151a1a97_rows" ("id", "kind", "at") FROM STDIN (FORMAT text, ENCODING 'UTF8');
