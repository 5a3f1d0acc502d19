-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_rows
COPY (
SELECT "id; --", "k`ey", "st'at;us", "up'dated""at" AT TIME ZONE 'UTC' AS "up'dated""at", "tab	\ $(id)" FROM "we""ird; --"."o'rders
$(touch x)" WHERE ("st'at;us" <> 'it''s; -- `$(id)` \ ☃') AND ("up'dated""at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone) AND "up'dated""at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone))
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
