-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "dwh"."orders__dponec_79167393_rows" ("id", "day", "at", "amount", "status", "st'at;us $(id) `x` ""y"" ]z", "a$dponec$\ %s") FROM STDIN (FORMAT binary);
