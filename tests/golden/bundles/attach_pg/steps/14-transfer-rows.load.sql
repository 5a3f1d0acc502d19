-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions
COPY "dwh"."orders_months__dponec_10542f54_rows" ("id", "day", "at", "amount", "status") FROM STDIN (FORMAT binary);
