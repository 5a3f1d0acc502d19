-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
COPY "dwh"."orders__dponec_37ca8c9f_rows" ("id", "day", "at", "amount", "status") FROM STDIN (FORMAT binary);
