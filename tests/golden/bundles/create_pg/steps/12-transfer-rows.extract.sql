-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY (
SELECT "id; --", "k`ey", "st'at;us", "up'dated""at", "tab	\ $(id)" FROM "we""ird; --"."o'rders
$(touch x)" WHERE "up'dated""at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone) AND "up'dated""at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT binary);
