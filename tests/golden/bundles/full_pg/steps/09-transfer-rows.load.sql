-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
COPY "staging"."totals__dponec_1b494d03_rows" ("id", "day", "at", "total", "status") FROM STDIN (FORMAT binary);
