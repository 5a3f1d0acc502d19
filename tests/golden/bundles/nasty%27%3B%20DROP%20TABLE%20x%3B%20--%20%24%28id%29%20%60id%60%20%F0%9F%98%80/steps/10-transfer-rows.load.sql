-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows" ("id; --", "k`ey", "st'at;us", "up'dated""at", "tab	\ $(id)") FROM STDIN (FORMAT binary);
