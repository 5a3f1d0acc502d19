-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
COPY "dwh"."orders__dponec_6c1b9b6c_rows" ("id", "note", "at") FROM STDIN (FORMAT binary);
