-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, run_id, fence
COPY (
SELECT CAST(ARRAY_TO_JSON(CAST(ARRAY[CAST((CAST(("id; --") AS TEXT)) AS TEXT), CAST((CAST(("k`ey") AS TEXT)) AS TEXT), CAST((CAST(("st'at;us") AS TEXT)) AS TEXT), CAST((CAST(("up'dated""at") AT TIME ZONE 'UTC' AS timestamp(6) without time zone)) AS TEXT) || '+00:00', CAST((CAST(("tab	\ $(id)") AS TEXT)) AS TEXT)] AS TEXT[])) AS TEXT) AS line FROM "we""ird; --"."o'rders
$(touch x)" WHERE "up'dated""at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone) AND "up'dated""at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
