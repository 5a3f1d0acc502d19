-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "d'w;h"."ne""w `$(id)` $dponec$__dponec_e686d967_rows" ("id; --", "k`ey", "st'at;us", "up'dated""at", "tab	\ $(id)") FROM STDIN (FORMAT binary);
